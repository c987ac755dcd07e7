"""The annotations of functions: what their names stand for, and what is wrapped around a type."""

import types
from collections.abc import Callable
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from typing_extensions import TypeAliasType


def type_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The function's annotations, resolved. Raises `ValueError` for names that do not exist."""
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise undefined_name(error.name) from error
    except (TypeError, AttributeError, SyntaxError) as error:
        raise ValueError(f"its annotations cannot be resolved: {error}") from error


def undefined_name(name: str | None) -> ValueError:
    """The error of an annotation that names what only a type checker can see."""
    return ValueError(
        f"its annotations name {name!r}, which does not exist when the program runs; "
        "if it is imported under TYPE_CHECKING, move that import out of it"
    )


def is_union(annotation: Any) -> bool:
    """Whether it is `X | Y` in either spelling."""
    return get_origin(annotation) in (Union, types.UnionType)


def unwrapped(annotation: Any) -> tuple[Any, bool]:
    """The type inside `X | None`, `Annotated[X, ...]` and aliases, and whether None will do."""
    is_optional = False
    while True:
        others = [a for a in get_args(annotation) if a is not type(None)]
        if isinstance(annotation, TypeAliasType):
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation = others[0]
        elif is_union(annotation) and len(others) == 1:
            annotation, is_optional = others[0], True
        else:
            return annotation, is_optional
