"""The project's URLconf: where it includes a namespace, and which route answers a path."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings as django_settings
from django.urls import (
    Resolver404,
    ResolverMatch,
    URLResolver,
    get_resolver,
    get_script_prefix,
    resolve,
)


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
    """The route that answers a path as `reverse` gives it; None if there is none."""
    try:
        return resolve(f"/{route_of(path)}")
    except Resolver404:
        return None


def route_of(path: str) -> str:
    """The path without its first slash and without the script name, below which routes begin."""
    return path.removeprefix(get_script_prefix()).lstrip("/")


def root_urlconf() -> str:
    """The root URLconf, in words for a hint."""
    urlconf = getattr(django_settings, "ROOT_URLCONF", None)
    return urlconf if isinstance(urlconf, str) else "the root URLconf"


def _includes(resolver: URLResolver, wanted: str, outer: tuple[str, ...]) -> Iterator[Include]:
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLResolver):
            continue
        if pattern.namespace == wanted:
            yield Include(resolver=pattern, outer=outer)
        else:
            inner = (*outer, pattern.namespace) if pattern.namespace else outer
            yield from _includes(pattern, wanted, inner)
