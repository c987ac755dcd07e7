"""Includes that are there, and stand where clients do not reach them."""

from collections import defaultdict
from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning
from django.urls import NoReverseMatch, reverse

from django_mcp.checks.urlconf import answering, includes_of, root_urlconf, route_of
from django_mcp.conf import settings
from django_mcp.principals import Endpoint

OWN = "django_mcp"
OAUTH = "oauth2_provider"
OWN_INCLUDE = 'path("", include("django_mcp.urls"))'
READ_BY_CLIENTS = (
    f"{OWN}:endpoint",
    f"{OWN}:resource-metadata",
    f"{OWN}:server-metadata",
    f"{OAUTH}:token",
)
"""Without one of these no client gets in. A project may put pages of its own before the others."""


def is_included(namespace: str) -> bool:
    """Whether the project includes it anywhere, be it out of reach."""
    return bool(includes_of(namespace))


def position_problems(endpoint: Endpoint) -> Iterator[CheckMessage]:
    """Problems of the includes that there are; none of one that is missing."""
    if nested := _outer_namespace(OWN) or _outer_namespace(OAUTH):
        yield Warning(
            f"The URLs of MCP clients are included below the namespace {nested!r}, where no name "
            "of theirs is found.",
            hint=f"Move the include to the urlpatterns of {root_urlconf()}, out of the URLs of "
            f"{nested!r}: {OWN_INCLUDE}.",
            id="django_mcp.W034",
        )
        return
    if prefix := _prefix(endpoint):
        yield Warning(
            f'include("django_mcp.urls") stands below {prefix!r}: clients look for {endpoint.path} '
            "and for the metadata of OAuth at the root of the site.",
            hint=f"Write {OWN_INCLUDE} in {root_urlconf()}, outside of every other include and of "
            "i18n_patterns().",
            id="django_mcp.W034",
        )
        return
    for (route, is_own), paths in _shadowed().items():
        include = OWN_INCLUDE if is_own else 'the include of "django_mcp.oauth_urls"'
        yield Warning(
            f"The route {route!r} answers {', '.join(paths)} in the place of django_mcp, "
            "because it comes first.",
            hint=f"Move {include} up in {root_urlconf()}, above {route!r}.",
            id="django_mcp.W034",
        )


def shadowing_route(name: str) -> str | None:
    """The route that answers in the place of this name's own; None if that is reached."""
    try:
        path = reverse(name)
    except NoReverseMatch:
        return None
    match = answering(path)
    namespace = name.partition(":")[0]
    return None if match is None or namespace in match.namespaces else match.route


def _shadowed() -> dict[tuple[str, bool], list[str]]:
    """The paths that clients read and other routes answer, by route and by whose include it is."""
    found: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for name in READ_BY_CLIENTS:
        route = shadowing_route(name)
        if route is not None:
            is_own = name.startswith(OWN) or settings.OAUTH_PATH is not None
            found[route, is_own].append(reverse(name))
    return found


def _outer_namespace(namespace: str) -> str:
    includes = includes_of(namespace)
    is_reached = any(not include.outer for include in includes)
    return "" if is_reached or not includes else ":".join(includes[0].outer)


def _prefix(endpoint: Endpoint) -> str:
    """What stands before the endpoint's route; empty at the root, and where there is no route."""
    try:
        found = route_of(reverse(f"{OWN}:endpoint"))
    except NoReverseMatch:
        return ""
    script_name = (django_settings.FORCE_SCRIPT_NAME or "").strip("/")
    wanted = endpoint.path.strip("/").removeprefix(f"{script_name}/")
    return found.removesuffix(wanted) if found.endswith(wanted) else ""
