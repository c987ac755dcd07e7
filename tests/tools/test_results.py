"""Data that tools return: its output schema, and how it reaches the client."""

import datetime
import enum
import json
import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from django.contrib.auth.models import Group, User
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr, computed_field
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from django_mcp import Text
from django_mcp.testing import MCPClient
from tests.calls import offering
from tests.tools.single_tools import receive, resolved, returning

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"


class Colour(enum.Enum):
    RED = "red"


class Price(BaseModel):
    """What something costs."""

    net: Annotated[Decimal, Field(ge=0)]
    tax_rate: int = Field(default=19, alias="taxRate")

    @computed_field
    def gross(self) -> Decimal:
        return self.net * (100 + self.tax_rate) / 100


class Secretive(Price):
    supplier: str = SECRET


class Branch(BaseModel):
    name: str
    branches: list["Branch"] = []


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


@dataclass
class Point:
    x: int
    seen: datetime.date = datetime.date(2026, 1, 31)


@dataclass
class Chain:
    following: "Chain | None" = None
    names: list[str] = field(default_factory=list)


@pydantic_dataclass
class Weight:
    grams: Annotated[int, Field(ge=0)]


class Person(TypedDict, total=False):
    name: str
    age: int


def schema_of(annotation: Any) -> dict[str, Any]:
    schema = resolved(returning(annotation, None)).output_schema
    assert schema is not None
    return schema


def looped(*, count: int) -> list[Any]:
    value: list[Any] = []
    value += [value] * count
    return value


def mutated() -> Weight:
    weight = Weight(grams=1)
    weight.grams = -1
    return weight


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("annotation", "value", "structured", "text"),
    [
        (int, 3, {"result": 3}, "3"),
        (bool, True, {"result": True}, "true"),
        (float, 1.5, {"result": 1.5}, "1.5"),
        (str, "caf\u00e9", {"result": "caf\u00e9"}, "caf\u00e9"),
        (None, None, {"result": None}, "null"),
        (int | None, None, {"result": None}, "null"),
        (list[int], [1, 2], {"result": [1, 2]}, "[1,2]"),
        (list[int], [], {"result": []}, "[]"),
        (Sequence[int], (1, 2), {"result": [1, 2]}, "[1,2]"),
        (Iterable[int], lambda: iter([1, 2]), {"result": [1, 2]}, "[1,2]"),
        (tuple[int, str], (1, "a"), {"result": [1, "a"]}, '[1,"a"]'),
        (set[int], {1}, {"result": [1]}, "[1]"),
        (dict[str, int], {"result": 1}, {"result": 1}, '{"result":1}'),
        (dict[int, int], {1: 2}, {"1": 2}, '{"1":2}'),
        (dict[str, Any], {"a": [None]}, {"a": [None]}, '{"a":[null]}'),
        (Decimal, Decimal("1.10"), {"result": "1.10"}, "1.10"),
        (datetime.date, datetime.date(2026, 1, 31), {"result": "2026-01-31"}, "2026-01-31"),
        (datetime.time, datetime.time(12, 30), {"result": "12:30:00"}, "12:30:00"),
        (datetime.timedelta, datetime.timedelta(hours=1), {"result": "PT1H"}, "PT1H"),
        (uuid.UUID, uuid.UUID(int=1), {"result": str(uuid.UUID(int=1))}, str(uuid.UUID(int=1))),
        (Colour, Colour.RED, {"result": "red"}, "red"),
        (Literal["a"], "a", {"result": "a"}, "a"),
        (SecretStr, SecretStr(SECRET), {"result": "**********"}, "**********"),
        (Point, Point(1), {"x": 1, "seen": "2026-01-31"}, '{"x":1,"seen":"2026-01-31"}'),
        (Chain, Chain(Chain()), {"following": {"following": None, "names": []}, "names": []}, None),
        (Weight, Weight(grams=5), {"grams": 5}, '{"grams":5}'),
        (Person, {"name": "a"}, {"name": "a"}, '{"name":"a"}'),
        (
            Price,
            Price(net=Decimal(100)),
            {"net": "100", "taxRate": 19, "gross": "119"},
            '{"net":"100","taxRate":19,"gross":"119"}',
        ),
        (Price | None, None, {"result": None}, "null"),
        (list[Price], [], {"result": []}, "[]"),
        (
            Branch,
            Branch(name="a", branches=[Branch(name="b")]),
            {"name": "a", "branches": [{"name": "b", "branches": []}]},
            None,
        ),
        (RootModel[dict[str, int]], RootModel[dict[str, int]]({"a": 1}), {"a": 1}, '{"a":1}'),
        (RootModel[list[int]], RootModel[list[int]]([1]), {"result": [1]}, "[1]"),
        (Open, Open.model_validate({"a": 1}), {"a": 1}, '{"a":1}'),
        (Any, {"a": 1}, {"result": {"a": 1}}, '{"a":1}'),
    ],
)
def test_data_is_structured_and_written_as_text(
    annotation: Any, value: Any, structured: dict[str, Any], text: str | None, is_async: bool
) -> None:
    schema = schema_of(annotation)
    result = receive(annotation, value, is_async=is_async)

    assert result.structured == structured
    assert result.text == text or text is None
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(structured)
    assert schema["type"] == "object"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ("a", "a"),
        ({"a": Decimal("1.0")}, '{"a":"1.0"}'),
        ([1, 2], "[1,2]"),
        ([], "[]"),
        (Point(1), '{"x":1,"seen":"2026-01-31"}'),
        (Text(text="hello"), "hello"),
        ([Text(text="a"), Text(text="b")], "a\nb"),
    ],
)
def test_tool_without_annotation_returns_text_alone(value: Any, text: str) -> None:
    result = receive(..., value)

    assert resolved(returning(..., None)).output_schema is None
    assert (result.is_error, result.structured, result.text) == (False, None, text)


def test_only_what_is_no_object_is_wrapped() -> None:
    assert schema_of(list[int]) == {
        "type": "object",
        "properties": {"result": {"type": "array", "items": {"type": "integer"}}},
        "required": ["result"],
    }
    assert schema_of(Point) == {
        "type": "object",
        "title": "Point",
        "properties": {
            "x": {"type": "integer"},
            "seen": {"type": "string", "format": "date", "default": "2026-01-31"},
        },
        "required": ["x"],
    }


@pytest.mark.parametrize("annotation", [Branch, Chain])
def test_recursive_result_still_says_that_it_is_an_object(annotation: Any) -> None:
    schema = schema_of(annotation)

    assert schema["type"] == "object"
    assert schema["$ref"] == f"#/$defs/{annotation.__name__}"


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (datetime.time, datetime.time(12, 30), "12:30:00"),
        (datetime.timedelta, datetime.timedelta(milliseconds=500), "PT0.5S"),
        (datetime.timedelta, datetime.timedelta(hours=-1), "-PT1H"),
    ],
)
def test_no_format_is_claimed_that_clients_would_refuse(
    annotation: Any, value: Any, text: str
) -> None:
    assert schema_of(annotation)["properties"]["result"] == {"type": "string"}
    assert receive(annotation, value).data == text


def test_fields_that_the_annotation_does_not_name_are_left_out() -> None:
    assert SECRET not in receive(Price, Secretive(net=Decimal(1))).text
    assert receive(Person, {"name": "a", "pin": SECRET}).structured == {"name": "a"}


class Evil:
    def __repr__(self) -> str:
        return SECRET

    def __iter__(self) -> Any:
        raise ValueError(SECRET)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, SECRET),
        (int, None),
        (int, 1.5),
        (str, 5),
        (str, f"{SECRET}\ud800"),
        (dict[str, Any], {"a": f"{SECRET}\udfff"}),
        (float, math.nan),
        (float, math.inf),
        (list[float], [math.nan]),
        (list[int], [SECRET]),
        (list[int], {"a": SECRET}),
        (list[int], None),
        (tuple[int, int], (1,)),
        (dict[str, int], {"a": SECRET}),
        (dict[str, int], [SECRET]),
        (Literal["a"], SECRET),
        (Annotated[str, Field(pattern="^a$")], SECRET),
        (Annotated[int, Field(le=3)], 4),
        (Annotated[list[int], Field(max_length=1)], [1, 2]),
        (Colour, SECRET),
        (datetime.date, SECRET),
        (datetime.datetime, SECRET),
        (Price, {"net": SECRET}),
        (Price, None),
        (Weight, mutated),
        (list[Weight], lambda: [mutated()]),
        (Price, lambda: Price.model_construct(net=SECRET)),
        (Weight, lambda: Point(1)),
        (Person, {"name": 5}),
        (Point, lambda: Point(SECRET)),  # type: ignore[arg-type]
        (Any, lambda: Group(name=SECRET)),
        (Any, lambda: [User(username=SECRET)]),
        (Any, lambda: {"a": User.objects.none() or [User(username=SECRET)]}),
        (Any, Evil()),
        (Any, {"a": Evil()}),
        (Any, b"\xff"),
        (Any, lambda: looped(count=1)),
        (Any, lambda: {"a": looped(count=2)}),
        (dict[str, Any], lambda: {"user": User(username=SECRET)}),
        (..., lambda: User(username=SECRET)),
        (..., Evil()),
        (..., "\ud800"),
        (..., [Text(text="a"), 5]),
    ],
)
def test_result_that_breaks_its_schema_is_our_failure_and_stays_here(
    annotation: Any, value: Any, is_async: bool
) -> None:
    result = receive(annotation, value, is_async=is_async)

    assert result.is_error
    assert result.text == (
        f"The call failed. The operators can find the cause under {result.call_id}."
    )
    assert result.structured is None
    assert SECRET not in json.dumps([block.model_dump(mode="json") for block in result.content])


def test_result_that_breaks_its_schema_is_rolled_back() -> None:
    def add() -> int:
        """Add a group."""
        Group.objects.create(name="unfinished")
        return "many"  # type: ignore[return-value]

    with offering(add):
        assert MCPClient().call("add").is_error

    assert not Group.objects.filter(name="unfinished").exists()


def test_result_matches_the_schema_that_is_listed() -> None:
    def summary() -> list[Price]:
        """Sum up."""
        return [Price(net=Decimal(n)) for n in range(3)]

    with offering(summary, read_only=True):
        (listed,) = MCPClient().list_tools()
        result = MCPClient().call("summary")

    assert listed.output_schema is not None
    Draft202012Validator(listed.output_schema).validate(result.structured)
    assert json.loads(result.text) == result.data
