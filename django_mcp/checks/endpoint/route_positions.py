"""Positions of the package's includes in the URLconf: other routes must not shadow them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning
from django.urls import NoReverseMatch, get_script_prefix, reverse

from django_mcp.checks.ids import CheckId
from django_mcp.checks.urlconf import includes_of, resolve_route, root_urlconf, route_of
from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint

OWN = "django_mcp"
OAUTH = "oauth2_provider"
OWN_INCLUDE = 'path("", include("django_mcp.urls"))'
READ_BY_CLIENTS = (
    f"{OWN}:endpoint",
    f"{OWN}:resource-metadata",
    f"{OWN}:server-metadata",
    f"{OAUTH}:token",
)
"""Routes that every client needs. A project may put pages of its own before the others."""

SAMPLE = "1"
"""A value that every converter of the package's routes takes."""

MAX_SHOWN_PATHS = 6
"""The number of paths that a message lists for one route."""


def is_included(namespace: str) -> bool:
    """Return whether the project includes the namespace, reachable or not."""
    return bool(includes_of(namespace))


def position_problems(endpoint: Endpoint) -> Iterator[CheckMessage]:
    """Yield the problems of existing includes; a missing one is no problem here."""
    if nested := _outer_namespace(OWN) or _outer_namespace(OAUTH):
        yield Warning(
            f"The URLs of MCP clients are included below the namespace {nested!r}, so that their "
            "names cannot be reversed.",
            hint=f"Move the include to the urlpatterns of {root_urlconf()}, out of the URLs of "
            f"{nested!r}: {OWN_INCLUDE}.",
            id=CheckId.UNREACHABLE_URLS,
        )
        return
    if prefix := _prefix(endpoint):
        yield Warning(
            f'include("django_mcp.urls") stands below {prefix!r}: clients look for {endpoint.path} '
            "and for the metadata of OAuth at the root of the site.",
            hint=f"Write {OWN_INCLUDE} in {root_urlconf()}, outside of every other include and of "
            "i18n_patterns().",
            id=CheckId.UNREACHABLE_URLS,
        )
        return
    for (route, is_own), paths in _shadowed().items():
        include = OWN_INCLUDE if is_own else 'the include of "django_mcp.oauth_urls"'
        yield Warning(
            f"The route {route!r} answers {_listed(paths)} in the place of django_mcp, "
            "because it comes first.",
            hint=f"Move {include} up in {root_urlconf()}, above {route!r}.",
            id=CheckId.UNREACHABLE_URLS,
        )


def shadowing_route(name: str) -> str | None:
    """Return the route that answers in the place of this name's own; None if there is none."""
    try:
        return _route_before(reverse(name))
    except NoReverseMatch:
        return None


def is_page_of_project(route: str, path: str) -> bool:
    """Return whether a route answers this path alone, as a page that a project puts before ours."""
    return re.sub(r"[\^$\\]", "", route) == route_of(path)


def _route_before(path: str) -> str | None:
    match = resolve_route(path)
    return None if match is None or {OWN, OAUTH} & {*match.namespaces} else match.route


def _shadowed() -> dict[tuple[str, bool], list[str]]:
    """Return the package's paths that other routes answer, by route and include."""
    found: dict[tuple[str, bool], list[str]] = defaultdict(list)
    needed = set(_paths_of(READ_BY_CLIENTS))
    for namespace in (OWN, OAUTH):
        is_own = namespace == OWN or settings.OAUTH_PATH is not None
        for path in _paths_in(namespace):
            route = _route_before(path)
            if route is not None and (path in needed or not is_page_of_project(route, path)):
                found[route, is_own].append(path)
    for paths in found.values():
        paths.sort(key=lambda path: path not in needed)
    return found


def _paths_in(namespace: str) -> list[str]:
    """Return the paths of a namespace's routes, with a sample for each variable part."""
    found: dict[str, None] = {}
    for include in includes_of(namespace)[:1]:
        for pattern in include.resolver.url_patterns:
            name, converters = getattr(pattern, "name", None), pattern.pattern.converters
            if name:
                sample = dict.fromkeys(converters, SAMPLE)
                found |= dict.fromkeys(_paths_of([f"{namespace}:{name}"], sample))
            elif namespace == OWN and not converters:
                found[f"{get_script_prefix()}{pattern.pattern}"] = (
                    None  # at the root, as its include
                )
    return list(found)


def _paths_of(names: Iterable[str], values: dict[str, str] | None = None) -> Iterator[str]:
    for name in names:
        with suppress(NoReverseMatch):
            yield reverse(name, kwargs=values)


def _listed(paths: Sequence[str]) -> str:
    rest = len(paths) - MAX_SHOWN_PATHS
    shown = ", ".join(paths[:MAX_SHOWN_PATHS])
    return f"{shown} and {rest} more" if rest > 0 else shown


def _outer_namespace(namespace: str) -> str:
    includes = includes_of(namespace)
    is_reached = any(not include.outer for include in includes)
    return "" if is_reached or not includes else ":".join(includes[0].outer)


def _prefix(endpoint: Endpoint) -> str:
    """Return the prefix of the endpoint's route; empty at the root and without a route."""
    try:
        found = route_of(reverse(f"{OWN}:endpoint"))
    except NoReverseMatch:
        return ""
    script_name = (django_settings.FORCE_SCRIPT_NAME or "").strip("/")
    wanted = endpoint.path.strip("/").removeprefix(f"{script_name}/")
    return found.removesuffix(wanted) if found.endswith(wanted) else ""
