"""Problems of the routes of OAuth: the login page and the consent page."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from django_mcp.checks.base_classes import descends_from
from django_mcp.checks.endpoint.route_positions import is_page_of_project, shadowing_route
from django_mcp.checks.ids import CheckId
from django_mcp.checks.oauth.login_page import login_page_problems, login_url_advice
from django_mcp.checks.urlconf import (
    Include,
    includes_of,
    request_language,
    resolve_browser_route,
    resolve_route,
)
from django_mcp.conf import Settings

OAUTH_URLS = "django_mcp.oauth_urls"
NAMESPACE = "oauth2_provider"
CONSENT = "django_mcp.auth.consent.views.AuthorizationView"


def route_problems() -> Iterator[CheckMessage]:
    """Yield the problems of the routes between client, login page and consent page."""
    if len(_reachable_includes()) > 1:
        yield Warning(
            "The URLs of OAuth are included twice; links to some of them are broken.",
            hint=_single_include(),
            id=CheckId.DUPLICATE_OAUTH_URLS,
        )
    elif not _has_own_consent_page():
        yield from _consent_problems()
    yield from _login_problems()


def _login_problems() -> Iterator[CheckMessage]:
    try:
        with override(request_language()):  # the routes of i18n_patterns() depend on it
            url = urlsplit(resolve_url(django_settings.LOGIN_URL))
            login = resolve_browser_route(url.path)
    except NoReverseMatch:
        login = None
    else:
        if url.netloc:
            return  # a page of another site
    if login is not None:
        yield from login_page_problems(login)
        return
    yield Warning(
        f"There is no page at LOGIN_URL, {django_settings.LOGIN_URL!r}: users cannot log in to "
        "authorize a client.",
        hint=login_url_advice(),
        id=CheckId.MISSING_LOGIN_PAGE,
    )


def _single_include() -> str:
    included = {
        getattr(each.resolver.urlconf_module, "__name__", "") for each in _reachable_includes()
    }
    alone = f"set {Settings.OAUTH_PATH.name} = None"
    if OAUTH_URLS in included:
        return f"Of the two, keep your include of {OAUTH_URLS}: {alone}."
    return (
        "Take the include of oauth2_provider.urls out: django_mcp.urls has its own. To keep the "
        f'pages on which people manage applications, write include("{OAUTH_URLS}", '
        f'namespace="{NAMESPACE}") in its place, and {alone}.'
    )


def _reachable_includes() -> list[Include]:
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
        "The consent page is not that of django_mcp: it may not show where the authorization "
        "code goes, and applications can skip it.",
        hint=f"{place} the view a subclass of {CONSENT}.",
        id=CheckId.FOREIGN_CONSENT_PAGE,
    )


def _has_own_consent_page() -> bool:
    try:
        match = resolve_route(reverse(f"{NAMESPACE}:authorize"))
    except NoReverseMatch:
        return False
    return match is not None and descends_from(getattr(match.func, "view_class", None), CONSENT)
