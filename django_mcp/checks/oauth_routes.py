"""The way of a user: from the client to the login page, and to the page that asks for consent."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning
from django.shortcuts import resolve_url
from django.urls import (
    NoReverseMatch,
    Resolver404,
    ResolverMatch,
    URLResolver,
    get_resolver,
    get_script_prefix,
    resolve,
    reverse,
)

from django_mcp.checks.ancestry import descends_from
from django_mcp.conf import Settings

NAMESPACE = "oauth2_provider"
CONSENT = "django_mcp.auth.consent.AuthorizationView"


def route_problems() -> Iterator[CheckMessage]:
    if len(list(_includes(get_resolver()))) > 1:
        yield Warning(
            "The URLs of OAuth are included twice; links to some of them are broken.",
            hint="Drop the include of oauth2_provider.urls: django_mcp.urls has its own. To keep "
            "the pages on which people manage applications, include django_mcp.oauth_urls in its "
            f"place, and set {Settings.OAUTH_PATH.name} to None.",
            id="django_mcp.W011",
        )
    elif not _asks_in_our_words():
        yield Warning(
            "Users are asked for consent by another page than that of django_mcp: it may not say "
            "where the answer goes, and lets applications pass over it.",
            hint="Include django_mcp.oauth_urls in the place of oauth2_provider.urls, or make the "
            f"view a subclass of {CONSENT}.",
            id="django_mcp.W010",
        )
    if not _has_login_page():
        yield Warning(
            "Nobody can log in to let a client in: there is no page at LOGIN_URL, "
            f"{django_settings.LOGIN_URL!r}.",
            hint="Set LOGIN_URL to the URL or the name of your login page, for example "
            '"admin:login", or add path("accounts/", include("django.contrib.auth.urls")).',
            id="django_mcp.W012",
        )


def _includes(resolver: URLResolver) -> Iterator[URLResolver]:
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLResolver):
            continue
        if pattern.namespace == NAMESPACE:
            yield pattern
        elif not pattern.namespace:
            yield from _includes(pattern)


def _asks_in_our_words() -> bool:
    try:
        view = _resolve(reverse(f"{NAMESPACE}:authorize")).func
    except (NoReverseMatch, Resolver404):
        return False
    return descends_from(getattr(view, "view_class", None), CONSENT)


def _has_login_page() -> bool:
    try:
        url = urlsplit(resolve_url(django_settings.LOGIN_URL))
        if not url.netloc:
            _resolve(url.path)
    except (NoReverseMatch, Resolver404):
        return False
    return True


def _resolve(path: str) -> ResolverMatch:
    # What is reversed begins with the script name, and what is resolved begins behind it.
    return resolve(f"/{path.removeprefix(get_script_prefix()).lstrip('/')}")
