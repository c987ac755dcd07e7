"""JSON types of scalars, and the search for scalars whose type pydantic has changed."""

import datetime
import decimal
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

NUMBER = re.compile(r"\s*[-+]?[\d_]*\.?\d+\s*")
MOMENTS = (datetime.date, datetime.time, datetime.timedelta)
STRINGS = (str, bytes, decimal.Decimal, *MOMENTS)
LISTS = (list, tuple, set, frozenset, deque)
ABSENT = object()

Place = tuple[int | str, ...]


def changed_scalars(value: Any, source: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield places in `value` where pydantic changed the JSON type of a scalar of `source`.

    Pydantic takes "5" for an integer and 5 for a datetime; clients know such a difference. The
    second item is the reason.
    """
    if value is source:
        return
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            if (item := _given(source, name, field)) is not ABSENT:
                yield from changed_scalars(getattr(value, name), item, (*place, name))
    elif is_dataclass(value):
        for each in fields(value):
            if (item := _given(source, each.name, None)) is not ABSENT:
                yield from changed_scalars(getattr(value, each.name), item, (*place, each.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(source, Mapping) and key in source:
                yield from changed_scalars(item, source[key], (*place, str(key)))
    elif isinstance(value, set | frozenset):
        types = {json_type(each) for each in source} if isinstance(source, LISTS) else set()
        for item in value:
            if json_type(item) not in types:
                yield place, f"{json_type(item)} is not what was returned"
    elif isinstance(value, LISTS):
        if isinstance(source, LISTS):
            for index, (item, original) in enumerate(zip(value, source, strict=False)):
                yield from changed_scalars(item, original, (*place, index))
    elif (ours := json_type(value)) != (theirs := json_type(source)) and ours and theirs:
        yield place, f"a {theirs} is no {ours}"
    elif isinstance(value, MOMENTS) and isinstance(source, str) and NUMBER.fullmatch(source):
        yield place, "a number in a string is no date or time"


def json_type(value: Any) -> str:
    """Return the name of the JSON type of a scalar; empty for any other value."""
    match value:
        case Enum():
            return json_type(value.value)
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
        case _ if isinstance(value, STRINGS):
            return "string"
    return ""


def _given(source: Any, name: str, field: FieldInfo | None) -> Any:
    """Return the value of `source` for a field, by its name or its alias."""
    alias = None if field is None else field.validation_alias or field.alias
    for key in (alias, name):
        if isinstance(key, str):
            found = source.get(key, ABSENT) if isinstance(source, Mapping) else ABSENT
            if not isinstance(source, Mapping):
                found = getattr(source, key, ABSENT)
            if found is not ABSENT:
                return found
    return ABSENT
