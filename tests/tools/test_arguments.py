"""How strictly arguments are read, and what clients are told of those that do not fit."""

import datetime
import enum
import ipaddress
import math
import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    FutureDate,
    NaiveDatetime,
    PastDate,
    SecretStr,
    UrlConstraints,
    field_validator,
    model_validator,
)
from pytest_django.fixtures import Settings
from typing_extensions import TypedDict

from django_mcp import BigInt, ToolError
from django_mcp.exceptions import InvalidArgumentsError
from django_mcp.schemas.errors.argument_errors import MAX_ERRORS
from django_mcp.schemas.errors.argument_paths import MAX_VIOLATIONS
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.calls import bound, call_of, offering
from tests.tools.single_tools import receive, refusals, resolved, send, taking

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Holiday(enum.Enum):
    NEW_YEAR = datetime.date(2026, 1, 1)
    CHRISTMAS = datetime.date(2026, 12, 25)


class Line(BaseModel):
    sku: str
    quantity: Annotated[int, Field(ge=1)] = 1


class Order(BaseModel):
    lines: list[Line]
    note: str | None = None


class Cash(BaseModel):
    kind: Literal["cash"]
    amount: int


class Card(BaseModel):
    kind: Literal["card"]
    number: str


@dataclass
class Point:
    x: int
    y: int = 0


class Person(TypedDict):
    name: str
    born: datetime.date


class Picky(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def _refuse(cls, name: str) -> str:
        raise ValueError(f"{name} is refused")


class Asserting(BaseModel):
    name: str

    @model_validator(mode="after")
    def _refuse(self) -> "Asserting":
        raise AssertionError(f"{self.name} is refused")


def refuse(value: str) -> str:
    raise ToolError("Try another day.", hint="Any but Monday.")


Payment = Annotated[Cash | Card, Field(discriminator="kind")]


@pytest.mark.parametrize(
    ("annotation", "sent", "received"),
    [
        (int, 3, 3),
        (int, 10**30, 10**30),
        (float, 3, 3.0),
        (str, "\u00e9\U0001f600\n", "\u00e9\U0001f600\n"),
        (int | None, None, None),
        (Decimal, "1.50", Decimal("1.50")),
        (Decimal, 1.5, Decimal("1.5")),
        (Decimal, 10, Decimal(10)),
        (datetime.date, "2026-01-31", datetime.date(2026, 1, 31)),
        (datetime.time, "12:30", datetime.time(12, 30)),
        (datetime.timedelta, "PT1H30M", datetime.timedelta(hours=1, minutes=30)),
        (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID("12345678" * 4)),
        (Colour, "red", Colour.RED),
        (Size, 2, Size.LARGE),
        (Holiday, "2026-12-25", Holiday.CHRISTMAS),
        (Literal["a", 1], 1, 1),
        (set[int], [1, 2], {1, 2}),
        (tuple[int, str], [1, "a"], (1, "a")),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
        (Line, {"sku": "a"}, Line(sku="a")),
        (Payment, {"kind": "cash", "amount": 3}, Cash(kind="cash", amount=3)),
        (Point, {"x": 1}, Point(1)),
        (Any, {"a": [1, None]}, {"a": [1, None]}),
        (Person, {"name": "a", "born": "2026-01-31"}, None),
        (ipaddress.IPv4Address, "127.0.0.1", ipaddress.IPv4Address("127.0.0.1")),
    ],
)
def test_json_becomes_what_the_annotation_names(annotation: Any, sent: Any, received: Any) -> None:
    if annotation is Person:
        received = {"name": "a", "born": datetime.date(2026, 1, 31)}
    found = send(annotation, sent)

    assert found == received
    assert type(found) is type(received)


def test_parameters_that_are_not_sent_keep_their_defaults() -> None:
    taken = []
    default = Line(sku="default")

    def take(first: int, line: Line = default, *, last: int = 3) -> None:
        """Take."""
        taken.append((first, line, last))

    with offering(take, read_only=True):
        MCPClient().call("take", first=1)

    assert taken == [(1, default, 3)]
    assert taken[0][1] is default


@pytest.mark.parametrize(
    ("annotation", "value", "reason"),
    [
        (int, "5", "must be an integer"),
        (int, True, "must be an integer"),
        (int, 5.5, "must be an integer"),
        (int, None, "must be an integer"),
        (float, "5", "must be a number"),
        (float, True, "must be a number"),
        (bool, 1, "must be true or false"),
        (bool, "true", "must be true or false"),
        (str, 5, "must be a string"),
        (None, 0, "must be null"),
        (int | str, 5.5, "must be an integer, or must be a string"),
        (Annotated[int, Field(gt=5)], 5, "must be greater than 5"),
        (Annotated[int, Field(ge=5)], 4, "must be at least 5"),
        (Annotated[int, Field(lt=5)], 5, "must be less than 5"),
        (Annotated[int, Field(le=5)], 6, "must be at most 5"),
        (Annotated[int, Field(multiple_of=5)], 6, "must be a multiple of 5"),
        (Annotated[str, Field(min_length=3)], "a", "must have at least 3 characters"),
        (Annotated[str, Field(max_length=3)], SECRET, "must have at most 3 characters"),
        (Annotated[str, Field(pattern="^a+$")], SECRET, "must match the pattern ^a+$"),
        (Annotated[list[int], Field(min_length=2)], [1], "must have at least 2 items"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "must have at most 1 item"),
        (Decimal, SECRET, "must be a number, or a string that holds one"),
        (Decimal, [SECRET], "must be a number, or a string that holds one"),
        (Decimal, True, "must be a number, or a string that holds one"),
        (Decimal, "NaN", "must be a finite number"),
        (Decimal, "Infinity", "must be a finite number"),
        (Annotated[Decimal, Field(max_digits=3)], "1234", "must have at most 3 digits"),
        (Annotated[Decimal, Field(decimal_places=1)], "1.23", "must have at most 1 decimal place"),
        (
            Annotated[Decimal, Field(max_digits=3, decimal_places=2)],
            "12",
            "must have at most 1 digit before the decimal point",
        ),
        (Colour, SECRET, "must be one of 'red' or 'blue'"),
        (Size, "1", "must be one of 1 or 2"),
        (Size, True, "must be one of 1 or 2"),
        (Size | None, True, "must be one of 1 or 2"),
        (Literal["a", "b"], SECRET, "must be one of 'a' or 'b'"),
        (datetime.date, SECRET, "must be a date such as 2026-01-31"),
        (datetime.date, "2026-02-30", "must be a date such as 2026-01-31"),
        (datetime.date, 1700000000, "must be a date such as 2026-01-31"),
        (datetime.date, "2026-01-31T12:00", "must be a date such as 2026-01-31"),
        (PastDate, "2999-01-01", "must be in the past"),
        (FutureDate, "1999-01-01", "must be in the future"),
        (datetime.datetime, SECRET, "must be a date and time such as 2026-01-31T12:00:00Z"),
        (datetime.datetime, 1700000000, "must be a date and time such as 2026-01-31T12:00:00Z"),
        (datetime.datetime, "1700000000", "must be a date and time such as 2026-01-31T12:00:00Z"),
        (
            datetime.datetime,
            "\u0662\u0660\u0662\u0666-01-31T12:00:00Z",
            "must be a date and time such as 2026-01-31T12:00:00Z",
        ),
        (datetime.datetime, "2026", "must be a date and time such as 2026-01-31T12:00:00Z"),
        (datetime.datetime, "2026-01-31", "must be a date and time such as 2026-01-31T12:00:00Z"),
        (AwareDatetime, "2026-01-31T12:00", "must say its time zone, such as 2026-01-31T12:00:00Z"),
        (NaiveDatetime, "2026-01-31T12:00Z", "must not say a time zone"),
        (datetime.time, SECRET, "must be a time such as 12:30:00"),
        (datetime.time, 3600, "must be a time such as 12:30:00"),
        (datetime.timedelta, SECRET, "must be a duration such as PT1H30M"),
        (datetime.timedelta, 60, "must be a duration such as PT1H30M"),
        (uuid.UUID, SECRET, "must be a UUID"),
        (uuid.UUID, 5, "must be a UUID"),
        (AnyUrl, SECRET, "must be a URL"),
        (
            Annotated[AnyUrl, UrlConstraints(allowed_schemes=["https"])],
            f"http://{SECRET}",
            "must be a URL with the scheme 'https'",
        ),
        (ipaddress.IPv4Address, SECRET, "must be an IPv4 address"),
        (bytes, 5, "must be a string"),
        (SecretStr, 5, "must be a string"),
        (dict[str, int], [SECRET], "must be an object"),
        (Line, SECRET, "must be an object"),
        (Line, [SECRET], "must be an object"),
        (Point, [SECRET], "must be an object"),
        (Person, SECRET, "must be an object"),
        (list[int], SECRET, "must be a list"),
        (list[int], {SECRET: SECRET}, "must be a list"),
        (tuple[int, str], SECRET, "must be a list"),
        (set[int], SECRET, "must be a list"),
        (frozenset[int], SECRET, "must be a list"),
        (set[int], [1, 1], "must not hold an item twice"),
        (Payment, {"amount": 3}, "must have the field 'kind'"),
        (Payment, {"kind": SECRET}, "must have 'kind' set to one of 'cash', 'card'"),
        (Payment, SECRET, "must be an object"),
        (Asserting, {"name": SECRET}, "is refused by a rule of its own"),
    ],
)
def test_violations_are_told_in_our_own_words(annotation: Any, value: Any, reason: str) -> None:
    (told,) = refusals(annotation, value)

    assert told == f"value: {reason}"


@pytest.mark.parametrize(
    ("annotation", "value", "violations"),
    [
        (
            list[int],
            [1, "a", True],
            ["value[1]: must be an integer", "value[2]: must be an integer"],
        ),
        (dict[str, int], {"a": 1, "b": SECRET}, ["value.b: must be an integer"]),
        (
            dict[int, int],
            {"a": 1},
            ["value.a: has a name that is not allowed: it must be an integer"],
        ),
        (tuple[int, str], [1], ["value[1]: is required"]),
        (Picky, {"name": SECRET}, ["value.name: is refused by a rule of its own"]),
        (
            Order,
            {"lines": [{"sku": 1, "quantity": 0}, {"quantity": "2"}, SECRET], "nope": SECRET},
            [
                "value.lines[0].sku: must be a string",
                "value.lines[0].quantity: must be at least 1",
                "value.lines[1].sku: is required",
                "value.lines[1].quantity: must be an integer",
                "value.lines[2]: must be an object",
                "value.nope: is not known here; remove it",
            ],
        ),
        (
            dict[str, list[Point]],
            {"a": [{"x": 1}], "b": [{"x": 1, "z": SECRET}]},
            ["value.b[0].z: is not known here; remove it"],
        ),
        (
            Person,
            {"born": SECRET, "died": SECRET},
            [
                "value.name: is required",
                "value.born: must be a date such as 2026-01-31",
                "value.died: is not known here; remove it",
            ],
        ),
        (Payment, {"kind": "cash", "amount": SECRET}, ["value.amount: must be an integer"]),
        (
            Line | Point,
            {"sku": 5},
            [
                "value.sku: must be a string, or is not known here; remove it",
                "value.x: is required",
            ],
        ),
        (
            list[datetime.datetime],
            ["2026", "2026-01-31T12:00", "5"],
            [
                "value[0]: must be a date and time such as 2026-01-31T12:00:00Z",
                "value[2]: must be a date and time such as 2026-01-31T12:00:00Z",
            ],
        ),
    ],
)
def test_every_violation_is_told_with_its_path(
    annotation: Any, value: Any, violations: list[str]
) -> None:
    assert refusals(annotation, value) == violations


def test_violations_of_every_argument_are_told_at_once() -> None:
    def act(one: int, two: Line, three: bool = False) -> None:
        """Act."""

    with offering(act, read_only=True):
        result = MCPClient().call("act", two={"sku": 5}, three=SECRET, four=SECRET, **{"": 1})

    assert result.text.splitlines() == [
        "The arguments are invalid.",
        "- one: is required",
        "- two.sku: must be a string",
        "- three: must be true or false",
        "- four: is not known here; remove it",
        "- the arguments: is not known here; remove it",
    ]
    assert result.error == {
        "kind": "invalid_arguments",
        "error": "The arguments are invalid.",
        "retryable": False,
        "hint": result.text.partition("\n")[2],
        "retry_after": None,
    }


def test_values_are_never_echoed_to_clients_logs_or_exceptions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    annotations: list[Any] = [
        int, float, bool, None, Decimal, datetime.date, datetime.datetime, datetime.time,
        datetime.timedelta, uuid.UUID, Colour, Size, Literal["a"], AnyUrl, ipaddress.IPv4Address,
        Annotated[str, Field(pattern="^$")], Annotated[str, Field(max_length=1)], list[int],
        dict[str, int], Line, Point, Person, Payment, Picky, Asserting, Line | Point | None,
    ]  # fmt: skip
    values: list[Any] = [
        SECRET, [SECRET], {"kind": SECRET}, {"name": SECRET, "number": SECRET}, {"sku": [SECRET]},
        f"\x00{SECRET}", {"kind": "cash", "amount": SECRET}, [[{"a": SECRET}]],
    ]  # fmt: skip
    caplog.set_level("DEBUG")
    for annotation in annotations:
        tool = resolved(taking(annotation))
        for value in values:
            with pytest.raises(InvalidArgumentsError) as caught:
                bound(tool, call_of("take", arguments={"value": value}))
            told = "".join(traceback.format_exception(caught.value))
            assert SECRET not in f"{told} {caught.value.violations}"

    refusals(Picky, {"name": SECRET})
    assert SECRET not in caplog.text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("annotation", [float, Decimal, Any, list[float], dict[str, Any]])
def test_numbers_that_json_does_not_know_are_refused(annotation: Any, value: float) -> None:
    for sent in (value, [value], {"a": [value]}):
        tool = resolved(taking(annotation))
        with pytest.raises(InvalidArgumentsError) as caught:
            bound(tool, call_of("take", arguments={"value": sent}))
        (violation,) = caught.value.violations
        assert violation.reason == "must be JSON with finite numbers, not nested too deep"


@pytest.mark.parametrize("arguments", [{"value": "a\ud800"}, {"value": ["\udfff"]}, {"\ud800": 1}])
def test_lone_surrogates_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentsError) as caught:
        bound(resolved(taking(Any)), call_of("take", arguments=arguments))

    (violation,) = caught.value.violations
    assert violation.reason == "is not valid JSON, or is nested too deeply"


def test_null_characters_are_refused_wherever_they_are() -> None:
    value = {"a": ["fine", "b\x00"], "c\x00d": 1, "e": {"f": "\x00"}, "g": "\\u0000"}

    assert refusals(Any, value) == [
        "value: must not hold the character U+0000",
        "value.a[1]: must not hold the character U+0000",
        "value.e.f: must not hold the character U+0000",
    ]


def test_null_characters_are_told_along_with_other_violations() -> None:
    assert refusals(list[int | str], ["\x00", 5.5, "\\u0000"]) == [
        "value[0]: must not hold the character U+0000",
        "value[1]: must be an integer, or must be a string",
    ]


def nested(leaf: Any, depth: int) -> Any:
    for _ in range(depth):
        leaf = [leaf]
    return leaf


@pytest.mark.parametrize(("leaf", "bound"), [("a", "a"), (1.0, 1)])
def test_deep_values_arrive(leaf: Any, bound: Any, settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_ARGUMENT_DEPTH = 150

    assert send(Any, nested(leaf, 150)) == nested(bound, 150)


@pytest.mark.parametrize("depth", [900, 100_000])
@pytest.mark.parametrize("leaf", ["a", 1.0])
def test_values_nested_too_deep_are_refused(depth: int, leaf: Any) -> None:
    arguments = {"value": nested(leaf, depth)}
    with pytest.raises(InvalidArgumentsError) as caught:
        bound(resolved(taking(Any)), call_of("take", arguments=arguments))

    assert "nested too deep" in caught.value.violations[-1].reason


class Measured(BaseModel):
    values: list[float | None]


@pytest.mark.parametrize(
    ("annotation", "wrap", "path"),
    [
        (float, lambda number: number, "value"),
        (float | None, lambda number: number, "value"),
        (list[float], lambda number: [1, number], "value[1]"),
        (dict[str, float], lambda number: {"a": number}, "value.a"),
        (tuple[float, ...], lambda number: [number], "value[0]"),
        (Measured, lambda number: {"values": [number]}, "value.values[0]"),
        (Annotated[float, BeforeValidator(lambda value: value)], lambda number: number, "value"),
        (Annotated[float, Field(allow_inf_nan=True)], lambda number: number, "value"),
    ],
)
@pytest.mark.parametrize("number", [10**400, -(10**400)], ids=["large", "negative"])
def test_integers_that_no_float_holds_are_refused(
    annotation: Any, wrap: Callable[[int], Any], path: str, number: int
) -> None:
    assert refusals(annotation, wrap(number)) == [f"{path}: must be a finite number"]


def test_integer_that_no_float_holds_is_exact_where_an_integer_is_asked_for() -> None:
    assert send(int, 10**400) == 10**400
    assert send(int | float, 10**400) == 10**400
    assert send(Decimal, 10**400) == Decimal(10**400)
    assert refusals(float | str, 10**400) == [
        "value: must be a finite number, or must be a string",
    ]
    assert refusals(dict[float, int], {"inf": 1}) == [
        "value.inf: has a name that is not allowed: it must be a finite number"
    ]
    assert refusals(complex, "1e999j") == ["value: must be a finite number"]


class Before(BaseModel):
    number: int

    @model_validator(mode="before")
    @classmethod
    def _seen(cls, data: Any) -> Any:
        return data


@pytest.mark.parametrize(
    ("annotation", "value", "told"),
    [
        (int, 1e18, "value: must be an integer, written without a fraction or an exponent"),
        (int, 2.0**53, "value: must be an integer, written without a fraction or an exponent"),
        (
            Before,
            {"number": 2.0**53},
            "value.number: must be an integer, written without a fraction or an exponent",
        ),
        (
            Decimal,
            0.30000000000000004,
            "value: must be a string, to be exact: numbers of so many digits are rounded",
        ),
    ],
)
def test_numbers_that_may_have_been_rounded_on_their_way_are_refused(
    annotation: Any, value: Any, told: str
) -> None:
    assert refusals(annotation, value) == [told]


def test_numbers_that_cannot_have_been_rounded_arrive() -> None:
    assert send(int, 2.0**53 - 1) == 2**53 - 1
    assert send(int, 2**53 + 1) == 2**53 + 1
    assert send(float, 1e300) == 1e300
    assert send(Decimal, 1234567890.12) == Decimal("1234567890.12")
    assert send(Decimal, 1e18) == Decimal(10**18)


class Rewritten(BaseModel):
    day: datetime.date
    at: datetime.datetime
    time: datetime.time
    duration: datetime.timedelta
    price: Decimal
    tags: set[str]
    pair: tuple[int, datetime.date]
    inner: Optional["Rewritten"] = None

    @model_validator(mode="before")
    @classmethod
    def _seen(cls, data: Any) -> Any:
        assert isinstance(data, dict | Rewritten)
        return dict(data)


REWRITTEN = {
    "day": "2026-01-31",
    "at": "2026-01-31T12:00Z",
    "time": "12:30",
    "duration": "PT1H",
    "price": "1.50",
    "tags": ["a"],
    "pair": [1, "2026-01-31"],
}


def test_models_whose_validators_run_before_their_types_take_json() -> None:
    found = send(Rewritten, {**REWRITTEN, "inner": REWRITTEN})

    assert found == Rewritten(
        day=datetime.date(2026, 1, 31),
        at=datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC),
        time=datetime.time(12, 30),
        duration=datetime.timedelta(hours=1),
        price=Decimal("1.50"),
        tags={"a"},
        pair=(1, datetime.date(2026, 1, 31)),
        inner=Rewritten.model_validate(REWRITTEN),
    )
    assert send(list[Rewritten], [REWRITTEN])[0].price == Decimal("1.50")


@pytest.mark.parametrize(
    ("type_", "sent", "received"),
    [
        (datetime.date, "2026-01-31", datetime.date(2026, 1, 31)),
        (datetime.time, "12:30", datetime.time(12, 30)),
        (datetime.timedelta, "PT1H", datetime.timedelta(hours=1)),
        (Decimal, "1.50", Decimal("1.50")),
        (set[int], [1], {1}),
        (tuple[int, ...], [1], (1,)),
        (Colour, "red", Colour.RED),
        (uuid.UUID, "12345678" * 4, uuid.UUID("12345678" * 4)),
    ],
)
def test_validators_that_run_before_a_type_are_given_json_and_it_what_they_make_of_it(
    type_: Any, sent: Any, received: Any
) -> None:
    seen: list[Any] = []
    annotation = Annotated[type_, BeforeValidator(lambda value: seen.append(value) or value)]

    assert send(annotation, sent) == received
    assert seen == [sent]


def test_published_schema_judges_before_any_validator_runs() -> None:
    seen: list[Any] = []

    def note(value: Any) -> Any:
        seen.append(value)
        return value

    def act(name: Annotated[str, BeforeValidator(note)], count: int) -> None:
        """Act."""

    with offering(act):
        result = MCPClient().call("act", name="Ann", count="5")
        other = MCPClient().call("act", name=["Ann"], count=5)

    assert result.error["hint"] == "- count: must be an integer"
    assert other.error["hint"] == "- name: must be a string"
    assert seen == []


class Leg(BaseModel):
    price: Annotated[Decimal, Field(gt=0)]
    onward: "Leg | None" = None


def test_rules_that_no_schema_holds_are_told_beside_those_of_the_schema() -> None:
    def act(
        amount: Annotated[Decimal, Field(gt=0)],
        first: Leg,
        key: Annotated[uuid.UUID, Field(alias="$key")],
        day: datetime.date,
    ) -> None:
        """Act."""

    with offering(act):
        result = MCPClient().call(
            "act", amount="-5", first={"price": "-5"}, day="tomorrow", **{"$key": "k"}
        )

    assert result.error["hint"].splitlines() == [
        "- amount: must be greater than 0",
        "- first.price: must be greater than 0",
        "- $key: must be a UUID",
        "- day: must be a date such as 2026-01-31",
    ]


def test_validator_that_takes_other_json_than_its_type_says_so() -> None:
    def split(value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value

    annotation = Annotated[
        list[int], BeforeValidator(split, json_schema_input_type=list[int] | str)
    ]

    assert send(annotation, "1,2") == [1, 2]
    assert send(annotation, [1, 2]) == [1, 2]
    assert refusals(annotation, 5) == ["value: must be a list, or must be a string"]

    def act(numbers: annotation, count: int) -> None:
        """Act."""

    with offering(act):
        result = MCPClient().call("act", numbers="1,2", count="x")

    assert result.error["hint"] == "- count: must be an integer"


class Whole(BaseModel):
    x: int


class Part(BaseModel):
    x: int
    y: int


def from_the_left(annotation: Any) -> Any:
    return Annotated[annotation, Field(union_mode="left_to_right")]


@pytest.mark.parametrize(
    ("annotation", "sent", "received"),
    [
        (from_the_left(int | str), "5", "5"),
        (from_the_left(float | str), "5", "5"),
        (from_the_left(bool | str), "true", "true"),
        (from_the_left(bool | int), 1, 1),
        (from_the_left(datetime.date | str), "86400", "86400"),
        (from_the_left(datetime.date | int), 86400, 86400),
        (from_the_left(datetime.datetime | str), "1700000000", "1700000000"),
        (from_the_left(datetime.datetime | str), "2026-01-31", "2026-01-31"),
        (from_the_left(datetime.timedelta | int), 60, 60),
        (from_the_left(datetime.time | int), 60, 60),
        (from_the_left(Size | str), "1", "1"),
        (from_the_left(list[int] | list[str]), ["5"], ["5"]),
        (from_the_left(Whole | Part), {"x": 1, "y": 2}, Part(x=1, y=2)),
        (int | str, "5", "5"),
        (datetime.date | str, "86400", "86400"),
        (datetime.date | str, "2026-01-31", datetime.date(2026, 1, 31)),
        (str | datetime.date, "2026-01-31", "2026-01-31"),
        (Decimal | str, "1.5", Decimal("1.5")),
        (float | int | datetime.date, 1, 1),
    ],
)
def test_no_alternative_of_a_union_takes_what_the_schema_has_for_another(
    annotation: Any, sent: Any, received: Any
) -> None:
    found = send(annotation, sent)

    assert found == received
    assert type(found) is type(received)


@pytest.mark.parametrize("text", ["86400", "0", "-86400", "2026-01-31T00:00:00"])
def test_date_is_written_as_a_date(text: str) -> None:
    assert refusals(datetime.date, text) == ["value: must be a date such as 2026-01-31"]
    assert refusals(dict[datetime.date, int], {text: 1}) == [
        f"value.{text}: has a name that is not allowed: it must be a date such as 2026-01-31"
    ]


def test_iterables_are_validated_before_the_tool_runs() -> None:
    assert send(Iterable[int], [1, 2]) == [1, 2]
    assert send(Iterable[datetime.date], ["2026-01-31"]) == [datetime.date(2026, 1, 31)]
    assert refusals(Iterable[datetime.date], ["2026-01-31", "2026-02-30"]) == [
        "value[1]: must be a date such as 2026-01-31"
    ]


@pytest.mark.parametrize(
    ("annotation", "value", "told"),
    [
        (list[str], '["a"]', "value: must be a list: send JSON, not a string that holds JSON"),
        (set[int], "[1]", "value: must be a list: send JSON, not a string that holds JSON"),
        (
            list[Line] | None,
            '[{"sku": "a"}]',
            "value: must be a list: send JSON, not a string that holds JSON",
        ),
        (
            Line,
            '{"sku": "a"}',
            "value: must be an object: send JSON, not a string that holds JSON",
        ),
        (list[str], "[a]", "value: must be a list"),
        (list[str], "5", "value: must be a list"),
    ],
)
def test_strings_that_hold_json_are_told_from_json(annotation: Any, value: Any, told: str) -> None:
    assert refusals(annotation, value) == [told]


class Filter(BaseModel):
    limit: int = 10
    name: str | None = "any"
    parts: list[Line] = []


def test_null_for_an_optional_field_that_cannot_be_null_is_left_out() -> None:
    taken = []

    def act(
        size: int = 3,
        word: Annotated[str, Field(alias="term")] = "x",
        name: str | None = "Ann",
        filters: Filter | None = None,
        extra: dict[str, Any] | None = None,
        kinds: Literal["a", "b"] = "a",
    ) -> None:
        """Act."""
        taken.append((size, word, name, filters, extra, kinds))

    line = {"sku": "a", "quantity": None}
    with offering(act, read_only=True):
        MCPClient().call(
            "act",
            size=None,
            term=None,
            name=None,
            filters={"limit": None, "name": None, "parts": [line]},
            extra={"a": None},
            kinds=None,
        )

    filters = Filter(name=None, parts=[Line(sku="a")])
    assert taken == [(3, "x", None, filters, {"a": None}, "a")]
    assert taken[0][3] is not None
    assert taken[0][3].model_fields_set == {"name", "parts"}


def test_null_for_a_required_parameter_is_refused() -> None:
    assert refusals(int, None) == ["value: must be an integer"]
    assert refusals(Line, {"sku": None, "quantity": None}) == ["value.sku: must be a string"]


def test_parameter_whose_default_is_none_takes_null() -> None:
    taken = []

    class Range(BaseModel):
        since: datetime.date = None  # type: ignore[assignment]

    def act(
        day: datetime.date = None,  # type: ignore[assignment]  # noqa: RUF013
        size: Annotated[int, Field(ge=1, alias="howMany")] = None,  # type: ignore[assignment]  # noqa: RUF013
        span: Range = Range(),  # noqa: B008
    ) -> None:
        """Act."""
        taken.append((day, size, span.since))

    with offering(act, read_only=True) as registry:
        MCPClient().call("act", day=None, howMany=None, span={"since": None})
        MCPClient().call("act", day="2026-01-31", howMany=1, span={"since": "2026-01-31"})
        refused = MCPClient().call("act", howMany=0)

    day = datetime.date(2026, 1, 31)
    assert taken == [(None, None, None), (day, 1, day)]
    assert refused.error["hint"] == "- howMany: must be at least 1"
    assert registry.of(Tool)["act"].input_schema["properties"]["day"] == {
        "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
        "default": None,
    }


def test_arguments_that_hosts_add_are_dropped_where_the_setting_names_them(
    settings: Settings,
) -> None:
    def act(name: str, action: str = "none") -> str:
        """Act."""
        return f"{name} {action}"

    call = {"name": "a", "sessionId": "5", "action": "look"}
    with offering(act, read_only=True):
        refused = MCPClient().call("act", **call)
        settings.DJANGO_MCP_IGNORED_ARGUMENTS = ["sessionId", "toolCallId", "action"]
        served = MCPClient().call("act", **call)
        unknown = MCPClient().call("act", **call, other=1)

    assert refused.error["hint"] == "- sessionId: is not known here; remove it"
    assert served.data == "a look"
    assert unknown.error["hint"] == "- other: is not known here; remove it"


def test_big_integers_are_numbers_or_strings_in_and_strings_out() -> None:
    number = 2**63 + 1
    for sent in (number, str(number)):
        assert send(BigInt, sent) == number
    assert send(list[BigInt], [1, "-2"]) == [1, -2]
    assert send(BigInt | None, None) is None
    assert receive(BigInt, number).data == str(number)
    assert receive(dict[str, BigInt], {"a": 1}).data == {"a": "1"}
    assert refusals(Annotated[BigInt, Field(ge=0)], "-1") == ["value: must be at least 0"]
    for wrong in ("1.5", "", "1_0", True, "\u0661", 1e18):
        (told,) = refusals(BigInt, wrong)
        assert told.startswith("value: must be an integer")


def test_field_that_only_the_schema_refuses_is_named() -> None:
    class Lenient(BaseModel):
        name: str

        @model_validator(mode="before")
        @classmethod
        def _known(cls, data: Any) -> Any:
            return {"name": data["name"]}

    assert refusals(list[Lenient], [{"name": "a", "colour": "red", "size": 1}]) == [
        "value[0].colour: is not known here; remove it",
        "value[0].size: is not known here; remove it",
    ]


def test_numbers_too_long_to_write_are_refused() -> None:
    with pytest.raises(InvalidArgumentsError):
        bound(resolved(taking(int)), call_of("take", arguments={"value": 10**5000}))


def test_ten_thousand_violations_are_counted_and_the_first_told() -> None:
    told = refusals(list[int], [SECRET] * MAX_ERRORS)

    assert told[:2] == ["value[0]: must be an integer", "value[1]: must be an integer"]
    assert told[MAX_VIOLATIONS:] == [
        f"the arguments: break the input schema in {MAX_ERRORS - MAX_VIOLATIONS} more places"
    ]


def test_more_violations_than_that_are_only_counted() -> None:
    assert refusals(list[int], [SECRET] * (MAX_ERRORS + 1)) == [
        f"the arguments: break the input schema in {MAX_ERRORS + 1} places; send fewer at a time"
    ]
    assert refusals(list[Size], [True] * 30_000) == ["value[0]: must be an integer"]


def test_long_names_of_unknown_arguments_are_shortened() -> None:
    with offering(taking(int), read_only=True):
        result = MCPClient().call("take", value=1, **{"x" * 5000: SECRET})

    assert result.error["hint"] == f"- {'x' * 64}: is not known here; remove it"


def test_validators_may_raise_tool_errors() -> None:
    def act(day: Annotated[str, AfterValidator(refuse)]) -> None:
        """Act."""

    with offering(act, read_only=True):
        result = MCPClient().call("act", day="Monday")

    assert result.text == "Try another day.\nAny but Monday."


def test_a_tool_without_parameters_refuses_any() -> None:
    def act() -> str:
        """Act."""
        return "done"

    with offering(act, read_only=True):
        assert MCPClient().call("act").data == "done"
        assert MCPClient().call("act", x=1).error["hint"] == "- x: is not known here; remove it"
