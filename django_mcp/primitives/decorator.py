"""Decorators that declare functions, with a signature made of the fields of a declaration."""

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

from django_mcp.primitives.declaration import Declaration, register

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")


DOCSTRING = """Declare a function as a {kind}, and return it: it works as before.

The options are the fields of `{fields}`, where each is described.
Mistakes are reported all at once, when the registry is built: at start-up and by
`manage.py check`.
"""


class Decorator(Protocol[P]):
    """Type of a decorator that is used bare or with options, and returns the function."""

    @overload
    def __call__(self, function: F, /) -> F: ...
    @overload
    def __call__(self, *args: P.args, **options: P.kwargs) -> Callable[[F], F]: ...


def decorator_of(
    declaration: Callable[Concatenate[Callable[..., Any], P], Declaration],
) -> Decorator[P]:
    """Return the decorator that registers a declaration of this class for a function.

    Its options are the fields of the class: type checkers, editors and `inspect.signature` find
    them there, so that each is declared once. A wrong name is a `TypeError` at once.
    """
    cls = cast("type[Declaration]", declaration)
    parameters = inspect.signature(cls).parameters
    options = [each for name, each in parameters.items() if name != "function"]
    names = [each.name for each in options]

    def decorate(function: Any = None, /, **values: Any) -> Any:
        for name in values:
            if name not in names:
                raise TypeError(_unknown_option(cls, name, names))

        def declare(function: Any) -> Any:
            register(cls(function, **values))
            return function

        return declare if function is None else declare(function)

    decorate.__name__ = decorate.__qualname__ = cls.kind
    decorate.__module__ = cls.__module__
    decorate.__doc__ = DOCSTRING.format(kind=cls.kind, fields=f"{cls.__module__}.{cls.__name__}")
    function = inspect.Parameter("function", inspect.Parameter.POSITIONAL_ONLY, default=None)
    setattr(decorate, "__signature__", inspect.Signature([function, *options]))  # noqa: B010
    return cast("Decorator[P]", decorate)


def _unknown_option(cls: type[Declaration], name: str, names: list[str]) -> str:
    meant = get_close_matches(name, names, n=1)
    correction = f"; did you mean {meant[0]!r}?" if meant else ""
    return f"@{cls.kind} has no option {name!r}{correction}"
