"""Routes: where the URLconf serves a view, with the arguments that its URL takes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from types import CellType
from typing import Any

from django.http import Http404
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize
from rest_framework.settings import api_settings

from django_mcp.schemas.declaration_errors import DeclarationError

EMPTY_CELL = CellType()


@dataclass(frozen=True, kw_only=True)
class Route:
    """One place of the URLconf where a view is served.

    `resolvers` are those that lead to the `pattern`, from the root of the URLconf on.
    """

    resolvers: tuple[URLResolver, ...]
    pattern: URLPattern

    @property
    def callback(self) -> Callable[..., Any]:
        """View function of the URLconf."""
        callback: Callable[..., Any] = self.pattern.callback
        return callback

    @property
    def namespaces(self) -> Sequence[str]:
        """Instance namespaces, from the outermost on."""
        return [each.namespace for each in self.resolvers if each.namespace]

    @property
    def app_names(self) -> Sequence[str]:
        """Application namespaces, from the outermost on."""
        return [each.app_name for each in self.resolvers if each.app_name]

    @cached_property
    def path(self) -> str:
        """The URL as the URLconf writes it, such as `orders/<int:pk>/`."""
        return "".join(str(each.pattern) for each in self._steps[1:])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names by which an author can choose it: by its basename, its own name, and its path."""
        names = [getattr(self.callback, "initkwargs", {}).get("basename"), self.pattern.name]
        return (
            *dict.fromkeys(":".join([*self.namespaces, name]) for name in names if name),
            self.path,
        )

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments of the URL, each with its converter; None for one of a regular expression."""
        fixed = self.fixed
        return {
            name: each.pattern.converters.get(name)
            for each in self._steps
            for name in each.pattern.regex.groupindex
            if name not in fixed
        }

    @cached_property
    def required(self) -> frozenset[str]:
        """Names of the arguments without which there is no such URL."""
        forms = [_forms(each) for each in self._steps]
        always = [set.intersection(*(set(names) for _, names in form)) for form in forms if form]
        return frozenset(name for names in always for name in names) & self.parameters.keys()

    @cached_property
    def fixed(self) -> Mapping[str, Any]:
        """Arguments that the URLconf itself passes to the view."""
        defaults = (each.default_kwargs for each in self.resolvers)
        return {
            **{name: value for each in defaults for name, value in each.items()},
            **self.pattern.default_args,
        }

    @property
    def has_unnamed_groups(self) -> bool:
        """True if it passes arguments by position."""
        return any(
            each.pattern.regex.groups > len(each.pattern.regex.groupindex) for each in self._steps
        )

    def url_path(self, arguments: Mapping[str, Any]) -> str:
        """Return the path of the URL with these arguments, unquoted.

        Raises `Http404` where there is no such URL.
        """
        path = ""
        for each in self._steps:
            converters = each.pattern.converters
            texts = {}
            for name in each.pattern.regex.groupindex:
                if name in arguments:
                    value = arguments[name]
                    texts[name] = _text(converters.get(name), value)
            forms = [
                (template, names) for template, names in _forms(each) if texts.keys() >= set(names)
            ]
            if not forms:
                raise Http404
            template, _ = max(forms, key=lambda form: len(form[1]))
            path += template % texts
        return path

    def captured(self, path: str) -> dict[str, Any]:
        """Return what the URLconf passes to the view for this path, which is one of its own.

        Raises `Http404` for a path that does not match: of such a one the view never hears.
        """
        kwargs: dict[str, Any] = {}
        rest = path
        for resolver in self.resolvers:
            matched = resolver.pattern.match(rest)
            if not matched:
                raise Http404
            rest, _, found = matched
            kwargs |= {**found, **resolver.default_kwargs}
        end = self.pattern.resolve(rest)
        if end is None:
            raise Http404
        return kwargs | end.kwargs

    @property
    def _steps(self) -> tuple[Any, ...]:
        return (*self.resolvers, self.pattern)


def routes_of(view: type) -> list[Route]:
    """Return the routes of a view class, in the order of the URLconf.

    Those with a suffix for the format, such as `.json`, are left out.
    """
    return [
        route
        for route in _all_routes()
        if getattr(route.callback, "cls", None) is view and not _is_of_format(route)
    ]


def view_routes() -> list[Route]:
    """Return the routes of all views of REST framework, as `routes_of` has those of one."""
    return [
        route
        for route in _all_routes()
        if isinstance(getattr(route.callback, "cls", None), type) and not _is_of_format(route)
    ]


def is_hidden(view: type) -> bool:
    """Return whether a URL leads to a view class through a function that does not show it."""
    return any(
        getattr(each, "cls", None) is view
        for route in _all_routes()
        for each in _called_by(route.callback)
    )


def _all_routes() -> Iterator[Route]:
    """Yield every route. Raises `DeclarationError` for a URLconf that cannot be imported."""
    root = get_resolver()
    try:
        patterns = root.url_patterns
    except ImportError as error:
        raise DeclarationError([f"the URLconf cannot be read: {error}"]) from error
    yield from _routes((root,), patterns)


def _called_by(callback: Any) -> Iterator[Any]:
    """Yield what a decorated function may call, as decorators keep it, and what that calls."""
    pending, seen = [callback], set()
    while pending:
        function = pending.pop()
        if not callable(function) or isinstance(function, type) or id(function) in seen:
            continue
        seen.add(id(function))
        yield function
        if isinstance(function, partial):
            pending += [function.func, *function.args, *function.keywords.values()]
        pending += getattr(function, "__dict__", {}).values()
        # A cell is empty while the function that it belongs to is still running.
        pending += [
            cell.cell_contents
            for cell in getattr(function, "__closure__", None) or ()
            if cell != EMPTY_CELL
        ]


def _is_of_format(route: Route) -> bool:
    return api_settings.FORMAT_SUFFIX_KWARG in route.parameters


def _routes(resolvers: tuple[URLResolver, ...], patterns: Iterable[Any]) -> Iterator[Route]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _routes((*resolvers, each), each.url_patterns)
        elif isinstance(each, URLPattern):
            yield Route(resolvers=resolvers, pattern=each)


def _forms(step: Any) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the forms of a part of a URL: templates for `%`, with the names in each."""
    pattern: str = step.pattern.regex.pattern
    forms: Sequence[tuple[str, Sequence[str]]] = normalize(pattern.replace("%", "%%"))
    return forms


def _text(converter: Any, value: Any) -> str:
    if converter is None or isinstance(value, str):
        # Text stands in a URL as it is: a project's converter makes text of what it has made of it.
        return str(value)
    try:
        text: str = converter.to_url(value)
    except ValueError:
        raise Http404 from None
    return text
