"""Problems of cookie paths: browsers must send the cookies to the pages for users."""

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning
from django.urls import NoReverseMatch, reverse

from django_mcp.checks.ids import CheckId
from django_mcp.checks.urlconf import route_of, routes
from django_mcp.conf import Settings

PAGES = ("oauth2_provider:authorize", "django_mcp:connected-assistants")
EFFECTS = {
    "SESSION_COOKIE_PATH": "users are sent to the login page again and again.",
    "CSRF_COOKIE_PATH": "the forms of these pages are answered with 403.",
}


def cookie_problems() -> Iterator[CheckMessage]:
    """Yield the problems of the paths of the session and CSRF cookies."""
    paths = list(_paths())
    for name, effect in EFFECTS.items():
        cookie = getattr(django_settings, name) or "/"
        if name == "CSRF_COOKIE_PATH" and django_settings.CSRF_USE_SESSIONS:
            continue
        missed = [path for path in paths if not _covers(cookie, path)]
        if not missed or not _is_folder_of_routes(cookie):
            continue
        folder = route_of(cookie).strip("/")
        yield Warning(
            f"{name} is {cookie!r}, and browsers do not send that cookie to "
            f"{' and '.join(missed)}: {effect}",
            hint=f'Set {Settings.OAUTH_PATH.name} = "{folder}/o/", with which /connected-'
            f'assistants/ moves into that folder too, or {name} = "/". The guide “Choose a '
            "server” describes sites in a folder.",
            id=CheckId.COOKIE_PATH_MISMATCH,
        )


def _paths() -> Iterator[str]:
    for name in PAGES:
        try:
            yield reverse(name)
        except NoReverseMatch:
            continue  # check_endpoint and check_authentication tell


def _covers(cookie: str, path: str) -> bool:
    """Return whether browsers send the cookie of one path for another; RFC 6265, section 5.1.4."""
    return path.startswith(cookie if cookie.endswith("/") else f"{cookie}/")


def _is_folder_of_routes(cookie: str) -> bool:
    """Return whether the project's own routes begin with the path of the cookie.

    Elsewhere the server may take the folder off, of which nothing here knows (`SCRIPT_NAME`).
    """
    folder = f"{route_of(cookie).strip('/')}/"
    return any(
        route.startswith(folder)
        for route, view in routes()
        if not getattr(view, "__module__", "").startswith("django_mcp.")
    )
