"""The project's URLconf: where it includes a namespace, and which route answers a path."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings as django_settings
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
from django.utils.module_loading import import_string

from django_mcp.checks.ancestry import descends_from

COMMON_MIDDLEWARE = "django.middleware.common.CommonMiddleware"


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """An include of a namespace; `outer` are the namespaces of those around it."""

    resolver: URLResolver
    outer: tuple[str, ...]


def includes_of(namespace: str) -> list[Include]:
    """Every include of this namespace, at any depth; none without a root URLconf."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return []
    return list(_includes(get_resolver(), namespace, ()))


def answering(path: str) -> ResolverMatch | None:
    """The route that answers a path as `reverse` gives it; None if there is none.

    It may be that of the path with a slash, where `CommonMiddleware` redirects there.
    """
    path = f"/{route_of(path)}"
    match = _match(path)
    if match is not None or path.endswith("/") or not _appends_slash():
        return match
    redirected = _match(f"{path}/")
    is_exempt = redirected and not getattr(redirected.func, "should_append_slash", True)
    return None if is_exempt else redirected


def route_of(path: str) -> str:
    """The path without its first slash and without the script name, below which routes begin."""
    return path.removeprefix(get_script_prefix()).lstrip("/")


def root_urlconf() -> str:
    """The root URLconf, in words for a hint."""
    urlconf = getattr(django_settings, "ROOT_URLCONF", None)
    return urlconf if isinstance(urlconf, str) else "the root URLconf"


def has_route(name: str) -> bool:
    """Return whether the project has a route of this name that takes no arguments."""
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


def _appends_slash() -> bool:
    return django_settings.APPEND_SLASH and any(map(_is_common, django_settings.MIDDLEWARE))


def _is_common(path: str) -> bool:
    try:
        return descends_from(import_string(path), COMMON_MIDDLEWARE)
    except ImportError:
        return False  # the handler tells


def _includes(resolver: URLResolver, wanted: str, outer: tuple[str, ...]) -> Iterator[Include]:
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLResolver):
            continue
        if pattern.namespace == wanted:
            yield Include(resolver=pattern, outer=outer)
        else:
            inner = (*outer, pattern.namespace) if pattern.namespace else outer
            yield from _includes(pattern, wanted, inner)
