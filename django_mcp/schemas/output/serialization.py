"""Serializer of returned values to JSON of the annotated type."""

import json
import math
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import (
    PydanticSerializationError,
    PydanticSerializationUnexpectedValue,
    SchemaSerializer,
)

from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.core_schemas import has_kind
from django_mcp.schemas.datetimes import with_time_zones
from django_mcp.schemas.json_types import Place, changed_scalars
from django_mcp.schemas.object_fields import field_names
from django_mcp.schemas.plain_values import Conversion, Row
from django_mcp.schemas.result_limits import check_bytes

# Text that may hold a decimal in exponent notation, or one that is no number.
MARKS = ("E+", "E-", "NaN", "Infinity")  # found far sooner than the expression
DOUBTFUL = re.compile(r"\dE[+-]\d|NaN|Infinity")


class Serializer:
    """Serializer of values to JSON of one annotated type."""

    def __init__(self, annotation: Any, *, has_datetimes: bool) -> None:
        if get_origin(annotation) is Iterable:
            # The same JSON, but a list can be read again.
            annotation = list[get_args(annotation)]  # type: ignore[misc]
        self._annotation = annotation
        self._has_datetimes = has_datetimes

    # What these make takes memory, and few workers are asked for everything that they have.
    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._annotation)

    @cached_property
    def _serializer(self) -> SchemaSerializer:
        # Pydantic writes null for a NaN that no type knows of, and the place would be lost.
        return SchemaSerializer(self._adapter.core_schema, {"ser_json_inf_nan": "constants"})

    @cached_property
    def takes_iterators(self) -> bool:
        """True if the type contains iterators, which are serialised as they are read."""
        return has_kind(self._adapter.core_schema, ("generator",))

    @cached_property
    def is_iterator(self) -> bool:
        """True if the type is that of an iterator, and no list is one."""
        return bool(self._adapter.core_schema["type"] == "generator")

    def dump(self, value: Any) -> Any:
        """Return the JSON of a value of the annotated type. Raises `InvalidResultError`."""
        try:
            value = with_time_zones(value) if self._has_datetimes else value
            return self._serializer.to_python(value, mode="json", by_alias=True, warnings="error")
        except (PydanticSerializationError, PydanticSerializationUnexpectedValue) as error:
            raise InvalidResultError("the result is not of the declared type") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidResultError("the result cannot be written as JSON") from error

    def dump_converted(self, value: Any) -> tuple[Any, Any]:
        """Return the JSON of a value of another Python class, and the value of the declared type.

        No scalar changes its JSON type. May query the database. Raises `InvalidResultError`.
        """
        if self.takes_iterators:
            raise InvalidResultError("the result is not of the declared type: return an iterator")
        conversion = Conversion()
        source = conversion.plain(value)
        try:
            value = self._adapter.validator.validate_python(
                source, from_attributes=True, by_alias=True, by_name=True
            )
        except ValidationError as error:
            if conversion.failure is not None:
                raise conversion.failure from None
            first = error.errors(include_url=False, include_input=False)[0]
            raise _invalid(first["loc"], first["msg"]) from error
        for place, reason in changed_scalars(value, source):
            raise _invalid(place, reason)
        for place, row in rows_in(value):
            model = type(row._instance).__name__
            raise _invalid(place, f"no type says what to show of a {model}")
        return self.dump(value), value

    def text_of(self, data: Any, value: Any) -> tuple[Any, str]:
        """Return data with decimals in full, and its text. Raises `InvalidResultError`."""
        text = self._written(data)
        if not any(mark in text for mark in MARKS) or not DOUBTFUL.search(text):
            return data, text
        dumped = self._serializer.to_python(value, mode="python", by_alias=True, warnings=False)
        data = _with_exact_decimals(data, dumped, ())
        return data, self._written(data)

    def _written(self, data: Any) -> str:
        try:
            text = data if isinstance(data, str) else json_text(data)
            text.encode()  # lone surrogates have no place in UTF-8
            return text
        except ValueError as error:
            for place, number in _non_finite(data, ()):
                raise _invalid(place, f"JSON has no number {number}") from None
            raise InvalidResultError("the result cannot be written as JSON") from error


def json_text(data: Any) -> str:
    """Return JSON text as it is sent. Raises `ValueError` for a number that is not finite."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def place_named(place: Iterable[int | str]) -> str:
    """Return a place in a result as text, such as `rows/0/name`."""
    return "/".join(map(str, place)) or "the root"


def rows_in(value: Any, place: Place = ()) -> Iterator[tuple[Place, Row]]:
    """Yield the model instances in a value that no type has converted."""
    if type(value) is Row:
        yield place, value
    elif (names := field_names(value)) is not None:
        for name in names:
            yield from rows_in(getattr(value, name), (*place, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from rows_in(item, (*place, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from rows_in(item, (*place, index))


def _invalid(place: Iterable[int | str], reason: str) -> InvalidResultError:
    return InvalidResultError(
        f"the result is not of the declared type at {place_named(place)}: {reason}"
    )


def _non_finite(data: Any, place: Place) -> Iterator[tuple[Place, float]]:
    if isinstance(data, float) and not math.isfinite(data):
        yield place, data
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from _non_finite(item, (*place, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _non_finite(item, (*place, index))


def _with_exact_decimals(data: Any, value: Any, place: Place) -> Any:
    """Return JSON `data` of `value` with finite decimals written without an exponent."""
    if isinstance(value, Decimal) and data == str(value):
        return _exact(value, place)
    if isinstance(data, dict) and isinstance(value, Mapping) and len(data) == len(value):
        pairs = zip(data.items(), value.items(), strict=True)
        return {
            _with_exact_decimals(key, given, place): _with_exact_decimals(
                item, given_item, (*place, key)
            )
            for (key, item), (given, given_item) in pairs
        }
    is_list = isinstance(value, list | tuple | set | frozenset | deque)
    if isinstance(data, list) and is_list and len(data) == len(value):
        return [
            _with_exact_decimals(item, given, (*place, index))
            for index, (item, given) in enumerate(zip(data, value, strict=True))
        ]
    return data


def _exact(value: Decimal, place: Place) -> str:
    if not value.is_finite():
        raise _invalid(place, f"JSON has no number {value}")
    check_bytes(abs(value.adjusted()))  # a short decimal may stand for gigabytes of zeros
    return format(value, "f")
