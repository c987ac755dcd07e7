"""How strictly arguments are read, and what clients are told of those that do not fit."""

import datetime
import enum
import ipaddress
import math
import traceback
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    Field,
    FutureDate,
    NaiveDatetime,
    PastDate,
    SecretStr,
    UrlConstraints,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from django_mcp import ToolError
from django_mcp.exceptions import InvalidArgumentsError
from django_mcp.testing import MCPClient
from django_mcp.tools.violations import MAX_ERRORS, MAX_VIOLATIONS
from tests.calling import context_of, offering
from tests.tools.serving import refusals, resolved, send, taking

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


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
        (Size, True, "is of a type that the input schema does not allow"),
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
        (ipaddress.IPv4Address, SECRET, "is refused by a rule of this tool"),
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
        (Asserting, {"name": SECRET}, "is refused by a rule of this tool"),
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
        (Picky, {"name": SECRET}, ["value.name: is refused by a rule of this tool"]),
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
                tool.bind(context_of("take", arguments={"value": value}))
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
            tool.bind(context_of("take", arguments={"value": sent}))
        (violation,) = caught.value.violations
        assert violation.reason == "must be JSON with finite numbers, not nested too deep"


@pytest.mark.parametrize("arguments", [{"value": "a\ud800"}, {"value": ["\udfff"]}, {"\ud800": 1}])
def test_lone_surrogates_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentsError) as caught:
        resolved(taking(Any)).bind(context_of("take", arguments=arguments))

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
def test_deep_values_arrive(leaf: Any, bound: Any) -> None:
    assert send(Any, nested(leaf, 150)) == nested(bound, 150)


@pytest.mark.parametrize("depth", [900, 100_000])
@pytest.mark.parametrize("leaf", ["a", "\x00", 1.0])
def test_values_nested_too_deep_are_refused(depth: int, leaf: Any) -> None:
    arguments = {"value": nested(leaf, depth)}
    with pytest.raises(InvalidArgumentsError) as caught:
        resolved(taking(Any)).bind(context_of("take", arguments=arguments))

    assert "nested too deep" in caught.value.violations[-1].reason


def test_numbers_too_long_to_write_are_refused() -> None:
    with pytest.raises(InvalidArgumentsError):
        resolved(taking(int)).bind(context_of("take", arguments={"value": 10**5000}))


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
    assert refusals(list[Size], [True] * 30_000) == [
        "value[0]: is of a type that the input schema does not allow"
    ]


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
