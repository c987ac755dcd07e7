"""The way of a user: from the client to the login page, and to the page that asks for consent."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse

from django_mcp.checks.ancestry import descends_from
from django_mcp.checks.route_positions import shadowing_route
from django_mcp.checks.urlconf import answering, includes_of
from django_mcp.conf import Settings

NAMESPACE = "oauth2_provider"
CONSENT = "django_mcp.auth.consent.AuthorizationView"


def route_problems() -> Iterator[CheckMessage]:
    if sum(not include.outer for include in includes_of(NAMESPACE)) > 1:
        yield Warning(
            "The URLs of OAuth are included twice; links to some of them are broken.",
            hint="Drop the include of oauth2_provider.urls: django_mcp.urls has its own. To keep "
            "the pages on which people manage applications, include django_mcp.oauth_urls in its "
            f"place, and set {Settings.OAUTH_PATH.name} to None.",
            id="django_mcp.W011",
        )
    elif not _asks_in_our_words():
        yield from _consent_problems()
    if not _has_login_page():
        yield Warning(
            "Nobody can log in to let a client in: there is no page at LOGIN_URL, "
            f"{django_settings.LOGIN_URL!r}.",
            hint="Set LOGIN_URL to the URL or the name of your login page, for example "
            '"admin:login", or add path("accounts/", include("django.contrib.auth.urls")).',
            id="django_mcp.W012",
        )


def _consent_problems() -> Iterator[CheckMessage]:
    route = shadowing_route(f"{NAMESPACE}:authorize")
    if route is not None and route == shadowing_route(f"{NAMESPACE}:token"):
        return  # check_endpoint tells of a route that answers for all of OAuth
    if route is None:
        place = "Include django_mcp.oauth_urls in the place of oauth2_provider.urls, or make"
    else:
        place = f"Take the route {route!r} out, which comes before the page of django_mcp, or make"
    yield Warning(
        "Users are asked for consent by another page than that of django_mcp: it may not say "
        "where the answer goes, and lets applications pass over it.",
        hint=f"{place} the view a subclass of {CONSENT}.",
        id="django_mcp.W010",
    )


def _asks_in_our_words() -> bool:
    try:
        match = answering(reverse(f"{NAMESPACE}:authorize"))
    except NoReverseMatch:
        return False
    return match is not None and descends_from(getattr(match.func, "view_class", None), CONSENT)


def _has_login_page() -> bool:
    try:
        url = urlsplit(resolve_url(django_settings.LOGIN_URL))
    except NoReverseMatch:
        return False
    return bool(url.netloc) or answering(url.path) is not None
