"""Annotations of functions: their resolution, unwrapping and descriptions."""

import inspect
import types
from collections.abc import Callable
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from typing_extensions import Doc, TypeAliasType, is_typeddict

from django_mcp.schemas.callables import function_of


def type_hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the resolved annotations of a function. Raises `ValueError` for unknown names."""
    try:
        return get_type_hints(function_of(function), include_extras=True)
    except NameError as error:
        raise undefined_name(error.name) from error
    except (TypeError, AttributeError, SyntaxError) as error:
        raise ValueError(f"its annotations cannot be resolved: {error}") from error


def each_type_hint(function: Callable[..., Any]) -> dict[str, Any]:
    """Return resolved annotations, with a `ValueError` in place of each that cannot be resolved."""
    try:
        return type_hints(function)
    except ValueError as error:
        written = function_of(function)
        try:
            annotations = dict(inspect.get_annotations(written))
        except NameError:  # of Python 3.14, which reads none before it is asked
            raise error from None
        return {name: _type_hint(written, name, each) for name, each in annotations.items()}


def _type_hint(function: Callable[..., Any], name: str, annotation: Any) -> Any:
    alone = types.FunctionType((lambda: None).__code__, inspect.unwrap(function).__globals__)
    alone.__annotations__ = {name: annotation}
    try:
        return type_hints(alone)[name]
    except ValueError as error:
        return error


def undefined_name(name: str | None) -> ValueError:
    """Return the error of an annotation whose name exists for type checkers only."""
    return ValueError(
        f"its annotations name {name!r}, which does not exist when the program runs; "
        "if it is imported under TYPE_CHECKING, move that import out of it"
    )


def queryset_annotations(annotation: Any) -> dict[str, Any]:
    """Return the fields of the TypedDict in `Annotated[Model, TypedDict]`; empty for other types.

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
    """Return whether an annotation is `X | Y` in either spelling."""
    return get_origin(annotation) in (Union, types.UnionType)


def unwrapped(annotation: Any) -> tuple[Any, bool]:
    """Return the type inside `X | None`, `Annotated[X, ...]` and aliases, and True if optional."""
    is_optional = False
    while (inner := _inner(annotation)) is not annotation:
        is_optional = is_optional or is_union(annotation)
        annotation = inner
    return annotation, is_optional


def _inner(annotation: Any) -> Any:
    """Return the annotation without its outermost layer, or itself if there is none."""
    if isinstance(annotation, TypeAliasType):
        return annotation.__value__
    if get_origin(annotation) is Annotated:
        return annotation.__origin__
    others = [a for a in get_args(annotation) if a is not type(None)]
    return others[0] if is_union(annotation) and len(others) == 1 else annotation


def description_of(annotation: Any) -> str:
    """Return the description in an annotation, a `Doc("...")` or a plain string; else empty."""
    while True:
        for each in getattr(annotation, "__metadata__", ()):
            if isinstance(each, str | Doc):
                words = each if isinstance(each, str) else each.documentation
                return " ".join(words.split())
        inner = _inner(annotation)
        if inner is annotation:
            return ""
        annotation = inner
