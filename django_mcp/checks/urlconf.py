"""Queries of the project's URLconf: includes of a namespace, and routes of a path."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
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
from django.utils.translation import (
    get_language,
    get_language_from_path,
    get_supported_language_variant,
    override,
)

from django_mcp.checks.base_classes import descends_from

COMMON_MIDDLEWARE = "django.middleware.common.CommonMiddleware"
LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Include of a namespace; `outer` are the namespaces of the includes around it."""

    resolver: URLResolver
    outer: tuple[str, ...]


def includes_of(namespace: str) -> list[Include]:
    """Return every include of this namespace, at any depth; none without a root URLconf."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return []
    return list(_includes(get_resolver(), namespace, ()))


def routes() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every route with its view, at any depth; none without a root URLconf."""
    if getattr(django_settings, "ROOT_URLCONF", None):
        yield from _routes(get_resolver(), "")


def resolve_route(path: str) -> ResolverMatch | None:
    """Return the route that answers a path as `reverse` gives it; None if there is none.

    It may be that of the path with a slash, where `CommonMiddleware` redirects there.
    """
    path = f"/{route_of(path)}"
    match = _match(path)
    if match is not None or path.endswith("/") or not _appends_slash():
        return match
    redirected = _match(f"{path}/")
    is_exempt = redirected and not getattr(redirected.func, "should_append_slash", True)
    return None if is_exempt else redirected


def resolve_browser_route(path: str) -> ResolverMatch | None:
    """Return the route at which a browser ends that requests a path; None if there is none.

    It may be that of the path below a language, where `LocaleMiddleware` redirects there. Call it
    in the `request_language()`.
    """
    if not any(middleware_classes(LOCALE_MIDDLEWARE)):
        return resolve_route(path)
    if language := get_language_from_path(f"/{route_of(path)}"):
        with override(language):
            return resolve_route(path)
    is_used, is_default_prefixed = _language_prefixes()
    match = resolve_route(path)
    if match is not None or not (is_used and is_default_prefixed):
        return match
    return resolve_route(f"{get_script_prefix()}{get_language()}/{route_of(path)}")


def request_language() -> str:
    """Return the language of a request that asks for none."""
    default = django_settings.LANGUAGE_CODE
    is_used, is_default_prefixed = _language_prefixes()
    is_fixed = is_used and not is_default_prefixed
    if is_fixed or not any(middleware_classes(LOCALE_MIDDLEWARE)):
        return default
    try:
        return get_supported_language_variant(default)
    except LookupError:
        return default


def route_of(path: str) -> str:
    """Return the path without its first slash and without the script name."""
    return path.removeprefix(get_script_prefix()).lstrip("/")


def root_urlconf() -> str:
    """Return the name of the root URLconf, for a hint."""
    urlconf = getattr(django_settings, "ROOT_URLCONF", None)
    return urlconf if isinstance(urlconf, str) else "the root URLconf"


def has_route(name: str) -> bool:
    """Return whether the project has a route of this name that takes no arguments."""
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


def middleware_classes(ancestor: str) -> Iterator[Any]:
    """Yield the classes in `MIDDLEWARE` that are the one of this dotted path, or subclasses."""
    for path in django_settings.MIDDLEWARE:
        try:
            found = import_string(path)
        except ImportError:
            continue  # the handler tells
        if descends_from(found, ancestor):
            yield found


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


def _appends_slash() -> bool:
    return django_settings.APPEND_SLASH and any(middleware_classes(COMMON_MIDDLEWARE))


def _language_prefixes() -> tuple[bool, bool]:
    """Return whether `i18n_patterns()` is used, and prefixes the default language too."""
    return is_language_prefix_patterns_used(django_settings.ROOT_URLCONF)


def _routes(resolver: URLResolver, outer: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for pattern in resolver.url_patterns:
        route = f"{outer}{str(pattern.pattern).lstrip('^')}"
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        else:
            yield route, pattern.callback


def _includes(resolver: URLResolver, wanted: str, outer: tuple[str, ...]) -> Iterator[Include]:
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLResolver):
            continue
        if pattern.namespace == wanted:
            yield Include(resolver=pattern, outer=outer)
        else:
            inner = (*outer, pattern.namespace) if pattern.namespace else outer
            yield from _includes(pattern, wanted, inner)
