"""A login page that does not lead back is told, where that can be known."""

from types import ModuleType
from typing import Any, ClassVar

import pytest
from django.conf import settings as django_settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import path, reverse
from django.utils.translation import override
from pytest_django import Settings

from tests.checks.messages import found, hints
from tests.urlconfs import package_routes, site
from tests.urls import urlpatterns as usual

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = [pytest.mark.django_db, pytest.mark.oauth]


LOCALE = "django.middleware.locale.LocaleMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def localized(view: Any, *, prefix_default_language: bool = True) -> ModuleType:
    """The routes of a site whose login page stands below a language."""
    login = path("user/login/", view, name="sign-in")
    return site(
        *package_routes(),
        *i18n_patterns(login, prefix_default_language=prefix_default_language),
    )


def sign_in(request: HttpRequest) -> HttpResponse:
    """A login page of the project's own."""
    return HttpResponse()


@login_not_required
def open_sign_in(request: HttpRequest) -> HttpResponse:
    """The same, exempt."""
    return HttpResponse()


class OwnLoginRequiredMiddleware(LoginRequiredMiddleware):
    def process_view(self, request: HttpRequest, view_func: Any, *arguments: Any) -> Any:
        is_login = request.path == django_settings.LOGIN_URL
        return None if is_login else super().process_view(request, view_func, *arguments)


class OtherFieldView(LoginView):
    redirect_field_name = "to"


class DashboardView(LoginView):
    def get_success_url(self) -> str:
        return reverse("expenses:list")


class SettingView(LoginView):
    def get_success_url(self) -> str:
        return str(resolve_url(django_settings.LOGIN_REDIRECT_URL))


class LiteralView(LoginView):
    def get_success_url(self) -> str:
        return "/dashboard/"


class HeirView(LiteralView):
    """Inherits where it leads to."""


class DefaultView(LoginView):
    def get_default_redirect_url(self) -> str:
        return "/dashboard/"


class AskingView(LoginView):
    def get_success_url(self) -> str:
        return self.get_redirect_url() or "/dashboard/"


class OwnWayView(LoginView):
    """What comes of its address is decided elsewhere."""

    def get_success_url(self) -> str:
        return "/dashboard/"

    def form_valid(self, form: Any) -> HttpResponse:
        super().form_valid(form)
        return HttpResponse(self.request.GET["next"])


class OwnFieldView(LoginView):
    redirect_field_name = "to"

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        return self.request.GET.get("next", "")


class WithinView(LoginView):
    pages: ClassVar = {"": "/dashboard/"}

    def get_success_url(self) -> str:
        return (lambda: self.request.GET["next"])()


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (LoginView.as_view(), ""),
        (LoginView.as_view(next_page="/dashboard/"), ""),
        (LoginView.as_view(redirect_authenticated_user=True), ""),
        (LoginView.as_view(redirect_field_name="to"), "return to from 'to'"),
        (OtherFieldView.as_view(), "return to from 'to'"),
        (OtherFieldView.as_view(redirect_field_name="next"), ""),
        (DashboardView.as_view(), "DashboardView.get_success_url() does not use the request"),
        (SettingView.as_view(), "SettingView.get_success_url() does not use the request"),
        (LiteralView.as_view(), "LiteralView.get_success_url() does not use the request"),
        (HeirView.as_view(), "HeirView.get_success_url() does not use the request"),
        (DefaultView.as_view(), ""),
        (AskingView.as_view(), ""),
        (OwnWayView.as_view(), ""),
        (OwnFieldView.as_view(), ""),
        (WithinView.as_view(), ""),
        (lambda request: HttpResponse(), ""),
    ],
    ids=[
        "stock",
        "next page",
        "passes users on",
        "option",
        "attribute",
        "option over attribute",
        "reverse",
        "setting",
        "literal",
        "inherited",
        "default",
        "asks first",
        "own way",
        "own field",
        "function within",
        "function",
    ],
)
def test_w037_tells_of_a_login_page_that_drops_the_address(
    settings: Settings, view: Any, words: str
) -> None:
    settings.LOGIN_URL = "/sign-in/"
    settings.ROOT_URLCONF = site(*package_routes(), path("sign-in/", view), *usual)

    messages = found()

    assert set(messages) - {"W011"} == ({"W037"} if words else set())
    assert words in messages.get("W037", [""])[0]


@pytest.mark.parametrize(
    "login_url",
    [
        "django_mcp:connected-assistants",
        "/connected-assistants/pending/",
        "/mcp",
        "oauth2_provider:authorize",
    ],
)
def test_w038_tells_of_a_login_page_on_which_nobody_can_sign_in(
    settings: Settings, login_url: str
) -> None:
    settings.LOGIN_URL = login_url

    assert set(found()) == {"W038"}


def test_login_page_of_the_admin_is_fine(settings: Settings) -> None:
    settings.LOGIN_URL = "admin:login"

    assert found() == {}


@pytest.mark.parametrize("active", ["de", "en-us", None], ids=str)
@pytest.mark.parametrize(
    "login_url", ["/user/login/", "/user/login", "/en/user/login/", "/fr/user/login", "sign-in"]
)
def test_login_page_below_a_language_is_found(
    settings: Settings, client: Client, login_url: str, active: str | None
) -> None:
    settings.LOGIN_URL = login_url
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOCALE]

    for view, ids in ((LoginView, set()), (DashboardView, {"W037"})):
        settings.ROOT_URLCONF = localized(view.as_view())
        with override(active):
            assert set(found()) == ids
    with override("en"):
        answer = client.get(resolve_url(login_url), follow=True)
    assert "form" in answer.context


def test_language_is_added_only_where_the_site_adds_one(settings: Settings) -> None:
    settings.LOGIN_URL = "/user/login/"
    settings.ROOT_URLCONF = localized(LoginView.as_view())
    assert set(found()) == {"W012"}

    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOCALE]
    settings.LOGIN_URL = "/nowhere/"
    assert set(found()) == {"W012"}
    settings.LOGIN_URL = "/en-us/user/login/"
    settings.ROOT_URLCONF = localized(LoginView.as_view(), prefix_default_language=False)
    assert set(found()) == {"W012"}
    settings.LOGIN_URL = "/user/login/"
    assert found() == {}


@pytest.mark.parametrize("login_url", ["/sign-in/", "/sign-in"])
def test_w038_tells_of_a_login_page_that_requires_a_login(
    settings: Settings, client: Client, login_url: str
) -> None:
    settings.LOGIN_URL = login_url
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]
    settings.ROOT_URLCONF = site(*package_routes(), path("sign-in/", sign_in))

    assert client.get("/sign-in/")["Location"].startswith("/sign-in")
    assert set(found()) == {"W038"}
    assert hints()["W038"][0].startswith("Put @login_not_required")
    settings.ROOT_URLCONF = site(*package_routes(), path("sign-in/", open_sign_in))
    assert found() == {}
    settings.ROOT_URLCONF = site(*package_routes(), path("sign-in/", LoginView.as_view()))
    assert found() == {}


def test_middleware_of_the_project_may_exempt_its_login_page(settings: Settings) -> None:
    settings.LOGIN_URL = "/sign-in/"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.OwnLoginRequiredMiddleware"]
    settings.ROOT_URLCONF = site(*package_routes(), path("sign-in/", sign_in))

    assert found() == {}
