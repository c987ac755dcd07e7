"""The annotations of functions: what their names stand for, and what is wrapped around a type."""

import types
from collections.abc import Callable
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from typing_extensions import TypeAliasType, is_typeddict


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


def queryset_annotations(annotation: Any) -> dict[str, Any]:
    """The types that the TypedDict in `Annotated[Model, TypedDict]` has; of others, nothing.

    The TypedDict may be an argument of a class, such as `Annotations[TypedDict]` of django-stubs.
    """
    annotation = next((a for a in get_args(annotation) if get_origin(a) is Annotated), annotation)
    found: dict[str, Any] = {}
    if get_origin(annotation) is Annotated:
        for metadata in get_args(annotation)[1:]:
            for each in (metadata, *get_args(metadata)):
                found |= get_type_hints(each, include_extras=True) if is_typeddict(each) else {}
    return found


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
