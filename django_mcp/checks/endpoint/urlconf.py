"""The project's URLconf: where it includes a namespace, and which route answers a path."""

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
    """An include of a namespace; `outer` are the namespaces of those around it."""

    resolver: URLResolver
    outer: tuple[str, ...]


def includes_of(namespace: str) -> list[Include]:
    """Every include of this namespace, at any depth; none without a root URLconf."""
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return []
    return list(_includes(get_resolver(), namespace, ()))


def routes() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every route, at any depth, with its view; none without a root URLconf."""
    if getattr(django_settings, "ROOT_URLCONF", None):
        yield from _routes(get_resolver(), "")


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


def answering_browser(path: str) -> ResolverMatch | None:
    """The route at which a browser ends that asks for a path; None if there is none.

    It may be that of the path below a language, where `LocaleMiddleware` redirects there. Call it
    in the `request_language()`.
    """
    if not any(middleware_from(LOCALE_MIDDLEWARE)):
        return answering(path)
    if language := get_language_from_path(f"/{route_of(path)}"):
        with override(language):
            return answering(path)
    is_used, is_default_prefixed = _language_prefixes()
    match = answering(path)
    if match is not None or not (is_used and is_default_prefixed):
        return match
    return answering(f"{get_script_prefix()}{get_language()}/{route_of(path)}")


def request_language() -> str:
    """The language of a request that asks for none."""
    default = django_settings.LANGUAGE_CODE
    is_used, is_default_prefixed = _language_prefixes()
    is_fixed = is_used and not is_default_prefixed
    if is_fixed or not any(middleware_from(LOCALE_MIDDLEWARE)):
        return default
    try:
        return get_supported_language_variant(default)
    except LookupError:
        return default


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


def middleware_from(ancestor: str) -> Iterator[Any]:
    """The classes in `MIDDLEWARE` that are the one with this dotted path, or made from it."""
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
    return django_settings.APPEND_SLASH and any(middleware_from(COMMON_MIDDLEWARE))


def _language_prefixes() -> tuple[bool, bool]:
    """Whether `i18n_patterns()` is used, and whether it prefixes the default language, too."""
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
