"""Return annotations of functions that return an object, several of them, or a queryset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from django.db.models import QuerySet

from django_mcp.schemas.annotations import queryset_annotations, unwrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedObjects:
    """Return annotation of one object of the class `item`, or of many such objects.

    The item of a queryset is unknown, and is `QuerySet` itself. `annotations` are the types of
    what a queryset annotates, where they are declared.
    """

    item: Any
    is_queryset: bool
    is_many: bool
    is_optional: bool
    annotations: Mapping[str, Any]

    def check(self) -> None:
        """Raise `ValueError`, for the author of the function, for a list that may be None."""
        if self.is_optional and self.is_many:
            raise ValueError("return an empty list rather than None")


def returned_objects(annotation: Any) -> ReturnedObjects:
    """Return what a return annotation says of objects, whatever class they are of."""
    annotations = queryset_annotations(annotation)
    annotation, is_optional = unwrapped(annotation)
    item = item_type(annotation)
    annotations |= queryset_annotations(item)
    # `QuerySet[Expense]` is a plain QuerySet when the program runs: its model is unknown then.
    is_queryset = isinstance(annotation, type) and issubclass(annotation, QuerySet)
    return ReturnedObjects(
        item=annotation if item is None else unwrapped(item)[0],
        is_queryset=is_queryset,
        is_many=is_queryset or item is not None,
        is_optional=is_optional,
        annotations=annotations,
    )


def item_type(annotation: Any) -> Any:
    """Return X of `list[X]`, `Sequence[X]`, `tuple[X, ...]` and the like; None for other types."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    is_iterable = isinstance(origin, type) and issubclass(origin, Iterable)
    if not is_iterable or issubclass(origin, Mapping) or not arguments:
        return None
    return arguments[0] if len(arguments) == 1 or arguments[1:] == (...,) else None
