"""Problems of the login page: it must redirect back to the page that sent the user there."""

import builtins
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import LoginView, RedirectURLMixin
from django.core.checks import CheckMessage, Warning
from django.shortcuts import resolve_url
from django.urls import ResolverMatch, reverse, reverse_lazy

from django_mcp.checks.ids import CheckId
from django_mcp.checks.urlconf import has_route, middleware_classes

GUIDE = "The guide “Sign users in” lists the requirements on a login page."
OURS = ("django_mcp", "oauth2_provider")
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"

LOGIN_ROUTES = ("login", "account_login", "admin:login")
"""Names of the login pages of Django, django-allauth and the admin."""

# A function that looks up nothing else returns the same address for every user.
CONSTANT_NAMES: tuple[Any, ...] = (reverse, reverse_lazy, resolve_url, django_settings, str)


def login_page_problems(login: ResolverMatch) -> Iterator[CheckMessage]:
    """Yield the problems of the page at `LOGIN_URL`."""
    if login.namespaces and login.namespaces[0] in OURS:
        yield Warning(
            f"LOGIN_URL, {django_settings.LOGIN_URL!r}, is the page {login.view_name}, which has "
            "no login form: users are redirected in a circle.",
            hint=login_url_advice(),
            id=CheckId.LOGIN_LOOP,
        )
        return
    if _requires_login(login):
        yield Warning(
            f"The login page, LOGIN_URL = {django_settings.LOGIN_URL!r}, requires a login itself: "
            "LoginRequiredMiddleware redirects users from it to itself, again and again.",
            hint="Put @login_not_required of django.contrib.auth.decorators on the view of "
            f'{login.route!r}; on a class, @method_decorator(login_not_required, name="dispatch").',
            id=CheckId.LOGIN_LOOP,
        )
    view: Any = getattr(login.func, "view_class", None)
    if not isinstance(view, type) or not issubclass(view, LoginView):
        return  # it may do anything
    options = getattr(login.func, "view_initkwargs", {})
    field = options.get("redirect_field_name", view.redirect_field_name)
    if not _is_djangos(view, "dispatch", "get", "post", "form_valid"):
        return
    if field != REDIRECT_FIELD_NAME and _is_djangos(view, "get_success_url", "get_redirect_url"):
        yield Warning(
            f"The login page reads the address to return to from {field!r}, and gets it in "
            f"{REDIRECT_FIELD_NAME!r}: after the login, users do not return to the consent page.",
            hint=f"Leave redirect_field_name at {REDIRECT_FIELD_NAME!r}. {GUIDE}",
            id=CheckId.LOST_LOGIN_REDIRECT,
        )
    elif _is_constant(view.get_success_url):
        yield Warning(
            f"The login page redirects every user to the same address: {view.__qualname__}."
            "get_success_url() does not use the request. Users do not return to the consent page.",
            hint="Override get_default_redirect_url() instead, or set next_page: these count only "
            f"where the request names no address. {GUIDE}",
            id=CheckId.LOST_LOGIN_REDIRECT,
        )


def login_url_advice() -> str:
    """Return the instruction to set `LOGIN_URL`, for a hint."""
    found = next((name for name in LOGIN_ROUTES if has_route(name)), None)
    if found is not None:
        return f'Set LOGIN_URL = "{found}", or to the URL or the name of another login page.'
    return (
        "Set LOGIN_URL to the URL or the name of your login page, for example "
        '"/accounts/login/". Django\'s pages come by '
        'path("accounts/", include("django.contrib.auth.urls")).'
    )


def _requires_login(login: ResolverMatch) -> bool:
    """Return whether Django's own middleware sends users away from this view."""
    process_view = LoginRequiredMiddleware.process_view
    is_required = getattr(login.func, "login_required", True)
    return is_required and any(
        each.process_view is process_view for each in middleware_classes(LOGIN_REQUIRED)
    )


def _is_djangos(view: type[LoginView], *names: str) -> bool:
    """Return whether these methods are those of Django's own classes."""
    return all(
        getattr(view, name) in (getattr(LoginView, name), getattr(RedirectURLMixin, name, None))
        for name in names
    )


def _is_constant(method: Any) -> bool:
    """Return whether a method provably ignores the request: its code names nothing of it."""
    if not isinstance(method, FunctionType) or method.__closure__:
        return False
    code = method.__code__
    if any(isinstance(constant, CodeType) for constant in code.co_consts):
        return False  # a function within, which has names of its own
    names = set(code.co_names) - {"LOGIN_REDIRECT_URL"}
    found = [method.__globals__.get(name, getattr(builtins, name, None)) for name in names]
    return all(any(each is constant for constant in CONSTANT_NAMES) for each in found)
