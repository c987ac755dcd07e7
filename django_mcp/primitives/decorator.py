"""Decorators and functions that declare, with a signature made of the fields of a declaration."""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

from django_mcp.primitives.declaration import Declaration, register

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
P = ParamSpec("P")


DOCSTRING = """Declare a function as a {kind}, and return it: it works as before.

The options are the fields of `{fields}`, where each is described.
Mistakes are reported all at once, when the registry is built: at start-up and by
`manage.py check`.
"""


class Decorator(Protocol[P]):
    """Type of a decorator that is used bare or with options, and returns the function.

    With options it also takes what stands for a function and is not callable, as Django's tasks do.
    """

    @overload
    def __call__(self, function: F, /) -> F: ...
    @overload
    def __call__(self, *args: P.args, **options: P.kwargs) -> Callable[[T], T]: ...


class DecoratorWithOptions(Protocol[P]):
    """Type of a decorator that is always used with options, and returns the function."""

    def __call__(self, *args: P.args, **options: P.kwargs) -> Callable[[F], F]:
        """Return the decorator with these options."""


def decorator_of(
    declaration: Callable[Concatenate[Callable[..., Any], P], Declaration],
) -> Decorator[P]:
    """Return the decorator that registers a declaration of this class for a function.

    Its options are the fields of the class: type checkers, editors and `inspect.signature` find
    them there, so that each is declared once. A wrong name is a `TypeError` at once.
    """
    cls = cast("type[Declaration]", declaration)
    options = _options(cls)

    def decorate(function: Any = None, /, **values: Any) -> Any:
        check_names(f"@{cls.kind}", options, values)
        declare = _declare(cls, values)
        return declare if function is None else declare(function)

    function = inspect.Parameter("function", inspect.Parameter.POSITIONAL_ONLY, default=None)
    return cast("Decorator[P]", _named(decorate, cls, [function, *options]))


def decorator_with_options(
    declaration: Callable[Concatenate[Callable[..., Any], P], Declaration],
) -> DecoratorWithOptions[P]:
    """Return a decorator as `decorator_of` does, for a class that has required options.

    Those that the class takes by position stand there in the decorator, too.
    """
    cls = cast("type[Declaration]", declaration)
    options = _options(cls)
    signature = inspect.Signature(options)

    def decorate(*values: Any, **named: Any) -> Any:
        if values and callable(values[0]):
            raise TypeError(f"@{cls.kind} needs options: write @{cls.kind}({options[0].name}, ...)")
        check_names(f"@{cls.kind}", options, named)
        return _declare(cls, _bound(f"@{cls.kind}", signature, values, named))

    return cast("DecoratorWithOptions[P]", _named(decorate, cls, options))


def declaring_function(name: str, declaration: Callable[P, Declaration]) -> Callable[P, None]:
    """Return the function of this name that registers a declaration of this class.

    Its parameters are the fields of the class, as the options of a decorator are.
    """
    cls = cast("type[Declaration]", declaration)
    options = _options(cls)
    signature = inspect.Signature(options)

    def declare(*values: P.args, **named: P.kwargs) -> None:
        check_names(name, options, named)
        _bound(name, signature, values, named)
        register(declaration(*values, **named))

    declare.__name__ = declare.__qualname__ = name
    declare.__module__ = cls.__module__
    declare.__doc__ = cls.__doc__
    declare.__signature__ = signature  # type: ignore[attr-defined]
    return declare


def _options(cls: type[Declaration]) -> list[inspect.Parameter]:
    parameters = inspect.signature(cls).parameters
    return [each for name, each in parameters.items() if name != "function"]


def check_names(declarer: str, options: list[inspect.Parameter], values: Mapping[str, Any]) -> None:
    """Raise `TypeError` for the first of the values whose name is none of the options."""
    names = [each.name for each in options]
    for name in values:
        if name not in names:
            raise TypeError(_unknown_option(declarer, name, names))


def _bound(
    declarer: str,
    signature: inspect.Signature,
    values: tuple[Any, ...],
    named: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the values of options by their names. Raises `TypeError` for those that are left out.

    It is for the reader of the call, who knows no class behind it.
    """
    given = signature.bind_partial(*values, **named).arguments
    missing = [
        f"{name}=..."
        for name, option in signature.parameters.items()
        if option.default is option.empty and name not in given
    ]
    if missing:
        raise TypeError(f"{declarer} needs {', '.join(missing)}")
    return given


def _declare(cls: type[Declaration], values: dict[str, Any]) -> Callable[[Any], Any]:
    def declare(function: Any) -> Any:
        register(cls(function, **values))
        return function

    return declare


def _named(decorate: Any, cls: type[Declaration], parameters: list[inspect.Parameter]) -> Any:
    """Give a decorator the name, docstring and signature that its users look up."""
    decorate.__name__ = decorate.__qualname__ = cls.kind
    decorate.__module__ = cls.__module__
    decorate.__doc__ = DOCSTRING.format(kind=cls.kind, fields=f"{cls.__module__}.{cls.__name__}")
    decorate.__signature__ = inspect.Signature(parameters)
    return decorate


def _unknown_option(declarer: str, name: str, names: list[str]) -> str:
    meant = get_close_matches(name, names, n=1)
    correction = f"; did you mean {meant[0]!r}?" if meant else ""
    return f"{declarer} has no option {name!r}{correction}"
