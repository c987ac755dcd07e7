"""The way of a user: from the client to the login page, and to the page that asks for consent."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from django_mcp.checks.base_classes import descends_from
from django_mcp.checks.endpoint.route_positions import is_page_of_project, shadowing_route
from django_mcp.checks.endpoint.urlconf import (
    Include,
    answering,
    answering_browser,
    includes_of,
    request_language,
)
from django_mcp.checks.ids import CheckId
from django_mcp.checks.oauth.login_page import login_page_problems, login_url_advice
from django_mcp.conf import Settings

OAUTH_URLS = "django_mcp.oauth_urls"
NAMESPACE = "oauth2_provider"
CONSENT = "django_mcp.auth.consent.views.AuthorizationView"


def route_problems() -> Iterator[CheckMessage]:
    if len(_reached()) > 1:
        yield Warning(
            "The URLs of OAuth are included twice; links to some of them are broken.",
            hint=_single_include(),
            id=CheckId.DUPLICATE_OAUTH_URLS,
        )
    elif not _asks_in_our_words():
        yield from _consent_problems()
    yield from _login_problems()


def _login_problems() -> Iterator[CheckMessage]:
    try:
        with override(request_language()):  # the routes of i18n_patterns() depend on it
            url = urlsplit(resolve_url(django_settings.LOGIN_URL))
            login = answering_browser(url.path)
    except NoReverseMatch:
        login = None
    else:
        if url.netloc:
            return  # a page of another site
    if login is not None:
        yield from login_page_problems(login)
        return
    yield Warning(
        "Nobody can log in to let a client in: there is no page at LOGIN_URL, "
        f"{django_settings.LOGIN_URL!r}.",
        hint=login_url_advice(),
        id=CheckId.MISSING_LOGIN_PAGE,
    )


def _single_include() -> str:
    included = {getattr(each.resolver.urlconf_module, "__name__", "") for each in _reached()}
    alone = f"set {Settings.OAUTH_PATH.name} = None"
    if OAUTH_URLS in included:
        return f"Of the two, keep your include of {OAUTH_URLS}: {alone}."
    return (
        "Take the include of oauth2_provider.urls out: django_mcp.urls has its own. To keep the "
        f'pages on which people manage applications, write include("{OAUTH_URLS}", '
        f'namespace="{NAMESPACE}") in its place, and {alone}.'
    )


def _reached() -> list[Include]:
    return [include for include in includes_of(NAMESPACE) if not include.outer]


def _consent_problems() -> Iterator[CheckMessage]:
    name = f"{NAMESPACE}:authorize"
    route = shadowing_route(name)
    if route is not None and not is_page_of_project(route, reverse(name)):
        return  # check_endpoint tells of a route that answers for more than this page
    if route is None:
        place = "Include django_mcp.oauth_urls in the place of oauth2_provider.urls, or make"
    else:
        place = f"Take the route {route!r} out, which comes before the page of django_mcp, or make"
    yield Warning(
        "Users are asked for consent by another page than that of django_mcp: it may not say "
        "where the answer goes, and lets applications pass over it.",
        hint=f"{place} the view a subclass of {CONSENT}.",
        id=CheckId.FOREIGN_CONSENT_PAGE,
    )


def _asks_in_our_words() -> bool:
    try:
        match = answering(reverse(f"{NAMESPACE}:authorize"))
    except NoReverseMatch:
        return False
    return match is not None and descends_from(getattr(match.func, "view_class", None), CONSENT)
