"""Types of the values that columns are compared with, within what every database takes."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, get_args

from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db import connections, models, router
from pydantic import AfterValidator, Field

from django_mcp.exceptions import ArgumentError
from django_mcp.schemas.annotations import unwrapped
from django_mcp.schemas.choices import ChoicesSchema
from django_mcp.schemas.core_schemas import EXACT_INTEGERS
from django_mcp.schemas.models.field_kinds import is_stock, kind_of

MAX_ITEMS = 100
"""Values of one look-up `in`."""

MAX_TEXT = 1000
"""Characters of text to search for: SQLite takes patterns of 50,000 bytes, escapes included."""

# Other time zones must be in the range of Python's dates, too.
FIRST_MOMENT = datetime.datetime(1, 1, 3, tzinfo=datetime.UTC)
LAST_MOMENT = datetime.datetime(9999, 12, 29, tzinfo=datetime.UTC)

LARGEST = 2**63 - 1
"""The largest number of a column."""

LONGEST = datetime.timedelta(microseconds=LARGEST)
"""The longest duration of a database that keeps its microseconds in 64 bits."""

EQUAL = ("exact", "in")
ORDERED = ("gt", "gte", "lt", "lte", "range")
TEXT = (
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
)
NULL = "isnull"

LOOKUPS: dict[type, tuple[str, ...]] = {
    bool: ("exact",),
    uuid.UUID: EQUAL,
    str: (*EQUAL, *ORDERED, *TEXT),
    **dict.fromkeys(
        (
            int,
            float,
            Decimal,
            datetime.datetime,
            datetime.date,
            datetime.time,
            datetime.timedelta,
        ),
        (*EQUAL, *ORDERED),
    ),
}
"""Look-ups of columns by the type of their values; `isnull` every column has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """Annotations of the values that a column is compared with.

    `equal` are those that it may have, `between` those that it may be smaller or larger than.
    """

    lookups: tuple[str, ...]
    equal: Any
    between: Any
    longest: int = MAX_TEXT

    def annotation(self, lookup: str) -> Any:
        """Return the annotation of the value of a look-up, which is `isnull` or one of these."""
        match lookup:
            case "isnull":
                return bool
            case "in":
                return _list_of(self.equal, Field(min_length=1, max_length=MAX_ITEMS))
            case "range":
                return _list_of(self.between, Field(min_length=2, max_length=2))
            case _ if lookup in TEXT:
                return Annotated[str, Field(min_length=1, max_length=self.longest)]
            case _ if lookup in ORDERED:
                return self.between
        return self.equal


def operand_of(field: Any, *, is_key: bool = False) -> Operand:
    """Return the operand of a column; of a key those alone that it may be equal to."""
    annotation = kind_of(field).annotation
    type_ = type_of(field)
    if type_ is None:
        return Operand(lookups=(), equal=None, between=None)
    limits = list(_limits(type_, _target(field)))
    choices = [each for each in get_args(annotation)[1:] if isinstance(each, ChoicesSchema)]
    return Operand(
        lookups=tuple(each for each in LOOKUPS[type_] if each in EQUAL or not is_key),
        equal=_annotated(type_, [*choices, *limits]),
        between=_annotated(type_, limits),
        longest=min(MAX_TEXT, getattr(field, "max_length", None) or MAX_TEXT),
    )


def operand_of_part(lowest: int, highest: int) -> Operand:
    """Return the operand of a number in a date or time, such as the month."""
    number = Annotated[int, Field(ge=lowest, le=highest)]
    return Operand(lookups=LOOKUPS[int], equal=number, between=number)


def type_of(field: Any) -> type | None:
    """Return the type of the values of a column; None for one that is not compared, as JSON."""
    if isinstance(field, models.BinaryField | models.FileField):
        return None
    type_ = unwrapped(kind_of(field).annotation)[0]
    return type_ if isinstance(type_, type) and type_ in LOOKUPS else None


def _list_of(item: Any, size: Any) -> Any:
    return Annotated[list[item], size]


def _annotated(type_: Any, metadata: list[Any]) -> Any:
    return Annotated[(type_, *metadata)] if metadata else type_


def _target(field: Any) -> Any:
    """Return the field whose values a column has."""
    if isinstance(field, models.ForeignKey):
        return _target(field.target_field)
    if isinstance(field, models.GeneratedField):
        return field.output_field
    return field


def _limits(type_: type, field: Any) -> Iterator[Any]:
    """Yield the metadata that keeps values out which the column, or the database, cannot have."""
    if type_ is int:
        yield from _integer_limits(field)
    elif type_ is Decimal:
        yield Field(max_digits=field.max_digits, decimal_places=field.decimal_places)
    elif type_ is datetime.datetime:
        yield Field(ge=FIRST_MOMENT, le=LAST_MOMENT)
    elif type_ is datetime.timedelta:
        yield Field(ge=-LONGEST, le=LONGEST)
    elif type_ is datetime.time:
        yield AfterValidator(_without_offset)
    if isinstance(field, models.GenericIPAddressField) or not is_stock(field):
        yield AfterValidator(partial(_taken, field))


def _integer_limits(field: Any) -> Iterator[Any]:
    """Yield the range of the column; agents are not told of one beyond the numbers of JSON."""
    operations: Any = connections[router.db_for_read(field.model)].ops
    try:
        _, highest = operations.integer_field_range(field.get_internal_type())
    except KeyError:  # of a field that is none of Django's
        highest = None
    if highest is not None and highest < EXACT_INTEGERS:
        # Which are above -5 is a question with an answer, even where no value is negative.
        yield Field(ge=-highest - 1, le=highest)
    else:
        yield AfterValidator(_in_64_bits)


def _in_64_bits(value: int) -> int:
    if not -LARGEST - 1 <= value <= LARGEST:
        raise ArgumentError("must be a whole number of at most 64 bits")
    return value


def _without_offset(value: datetime.time) -> datetime.time:
    if value.tzinfo is not None:
        raise ArgumentError("must have no offset from UTC")
    return value


def _taken(field: Any, value: Any) -> Any:
    """Return a value that the field takes. Raises `ArgumentError` for the caller."""
    try:
        if isinstance(field, models.GenericIPAddressField):
            validate_ipv46_address(value)
        field.get_prep_value(value)
    except (ValidationError, ValueError, TypeError, ArithmeticError):
        raise ArgumentError("is no value of this field") from None
    return value
