"""What the published schema accepts a tool accepts, and the other way round."""

import ast
import collections
import datetime
import enum
import ipaddress
import pathlib
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import (
    AfterValidator,
    AliasChoices,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FutureDate,
    Json,
    NaiveDatetime,
    PlainValidator,
    RootModel,
    SecretStr,
    WrapValidator,
    model_validator,
)
from typing_extensions import TypedDict

from django_mcp import BigInt
from django_mcp.exceptions import InvalidArgumentsError
from django_mcp.tools.tool import Tool
from tests.calls import bound, call_of
from tests.tools.single_tools import resolved, taking


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Flag(enum.Enum):
    ON = "on"
    ONE = 1


class Item(BaseModel):
    sku: str
    size: Size = Size.SMALL
    parts: list["Item"] = []


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="allow")
    sold: int = Field(alias="soldOn")
    other: int = Field(default=0, validation_alias=AliasChoices("one", "two"))


class Rewritten(BaseModel):
    name: str

    @model_validator(mode="before")
    @classmethod
    def _old_name(cls, data: Any) -> Any:
        return {"name": data["title"]} if isinstance(data, dict) and "title" in data else data


class Day(enum.Enum):
    FIRST = datetime.date(2026, 1, 1)
    PRICE = Decimal("1.50")


class Pair(NamedTuple):
    left: int
    right: str = ""


@dataclass
class Point:
    x: int
    y: float = 0.0


class Person(TypedDict, total=False):
    name: str
    age: Annotated[int, Field(ge=0)]


ANNOTATIONS: list[Any] = [
    int,
    float,
    bool,
    str,
    None,
    int | str,
    float | None,
    Size,
    Flag,
    Literal["a", 1],
    Annotated[int, Field(ge=0, le=3, multiple_of=2)],
    Annotated[str, Field(min_length=1, max_length=2)],
    list[int],
    Annotated[list[int | None], Field(min_length=1, max_length=2)],
    set[int],
    tuple[int, str],
    tuple[int, ...],
    dict[str, int],
    dict[str, list[bool]],
    Item,
    Aliased,
    Rewritten,
    Pair,
    Point,
    Person,
    list[Point | Person],
]

NAMES = st.sampled_from(
    ["sku", "size", "parts", "sold", "soldOn", "one", "two", "name", "title", "left", "x", "y", "z"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0, 1e15, 2**53, 10**30])
    | st.sampled_from(["", "a", "on", "1", "true", "abc", "\u00e9"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def accepts(tool: Tool, arguments: dict[str, Any]) -> bool:
    try:
        bound(tool, call_of(tool.name, arguments=arguments))
    except InvalidArgumentsError:
        return False
    return True


@pytest.mark.parametrize("annotation", ANNOTATIONS, ids=str)
def test_any_json_is_judged_alike_by_schema_and_validation(annotation: Any) -> None:
    tool = resolved(taking(annotation))
    schema = Draft202012Validator(tool.input_schema)

    @settings(database=None, deadline=None, derandomize=True)
    @given(VALUES)
    def judge(value: Any) -> None:
        arguments = {"value": value}

        assert accepts(tool, arguments) == schema.is_valid(arguments)

    judge()


class Wrapped(BaseModel):
    day: datetime.date
    number: int = 0
    price: Decimal = Decimal(0)

    @model_validator(mode="before")
    @classmethod
    def _as_given(cls, data: Any) -> Any:
        return {**data, "number": data.get("number") or 0}

    @model_validator(mode="after")
    def _fails(self) -> "Wrapped":
        assert 1 / self.number
        return self


class Broken(str):
    def __hash__(self) -> int:
        raise TypeError


OTHER_ANNOTATIONS: list[Any] = [
    Any,
    Decimal,
    complex,
    bytes,
    BigInt,
    SecretStr,
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    NaiveDatetime,
    AwareDatetime,
    FutureDate,
    uuid.UUID,
    AnyUrl,
    ipaddress.IPv4Address,
    pathlib.Path,
    re.Pattern,
    Json[list[int]],
    Iterable[datetime.date],
    Sequence[Decimal],
    Mapping[datetime.date, float],
    dict[int, Decimal],
    dict[float, int],
    collections.deque[datetime.datetime],
    collections.Counter[str],
    collections.defaultdict[str, list[int]],
    frozenset[Decimal],
    frozenset[Point],
    set[Item],
    tuple[datetime.date, ...],
    datetime.date | int | str,
    Annotated[datetime.date | int | str, Field(union_mode="left_to_right")],
    Annotated[Decimal, Field(max_digits=2, ge=0)],
    Annotated[int, BeforeValidator(lambda value: value)],
    Annotated[int, AfterValidator(lambda value: 1 // value)],
    Annotated[str, AfterValidator(lambda value: {"a": 1}[value])],
    Annotated[str, AfterValidator(Broken), AfterValidator(hash)],
    Annotated[str, AfterValidator(ast.literal_eval)],
    Annotated[Any, PlainValidator(lambda value: value["x"], json_schema_input_type=Any)],
    Annotated[int | None, WrapValidator(lambda value, handler: handler(str(value)))],
    RootModel[list[Wrapped]],
    Wrapped,
    list[Wrapped | Point],
    Day,
]

TEXTS = st.text(max_size=5) | st.sampled_from(
    [
        "2026-01-31",
        "2026-01-31T12:00",
        "2026-01-31T12:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30",
        "12:30",
        "PT1H",
        "P99999999999D",
        "86400",
        "NaN",
        "-Infinity",
        "1e999",
        "1E999999999999999999",
        "[1]",
        "(",
        "9" * 5000,
        "12345678-1234-5678-1234-567812345678",
        "http://a",
        "127.0.0.1",
    ]
)
NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**400, -(10**400), 2.0**53, 1e300, 1e18, 2**63])
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES | TEXTS, inner, max_size=3)
        | st.fixed_dictionaries({"day": TEXTS}, optional={"number": inner, "price": inner})
    ),
    max_leaves=8,
)


def name_of(annotation: Any) -> str:
    """The annotation without addresses, which every process has others of."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(annotation))


@pytest.mark.parametrize("annotation", [*ANNOTATIONS, *OTHER_ANNOTATIONS], ids=name_of)
def test_any_json_that_the_schema_takes_is_bound_or_its_argument_named(annotation: Any) -> None:
    tool = resolved(taking(annotation))
    schema = jsonschema_rs.Draft202012Validator(tool.input_schema)

    @settings(database=None, deadline=None, derandomize=True)
    @given(ANYTHING)
    def judge(value: Any) -> None:
        named = {"value"}
        try:
            bound(tool, call_of(tool.name, arguments={"value": value}))
        except InvalidArgumentsError as error:
            named = {each.path[:5] for each in error.violations}

        assert named == {"value"} or not schema.is_valid({"value": value})

    judge()


@pytest.mark.parametrize(
    ("annotation", "value", "is_accepted"),
    [
        (int, 5.0, True),
        (int | str, 5.0, True),
        (list[int], [1.0, -2.0, 0.0], True),
        (int, 5.5, False),
        (int, "5", False),
        (int, True, False),
        (Size, True, False),
        (Literal[1], True, False),
        (Flag, True, False),
        (set[int], [1, 1], False),
        (Pair, [1], True),
        (Pair, {"left": 1}, False),
        (Aliased, {"soldOn": 1}, True),
        (Aliased, {"sold": 1}, False),
        (Aliased, {"soldOn": 1, "one": 2}, True),
        (Aliased, {"soldOn": 1, "two": 2}, False),
        (Rewritten, {"name": "a"}, True),
        (Rewritten, {"title": "a"}, False),
        (Item, {"sku": "a", "parts": [{"sku": "b", "size": 2.0}]}, True),
        (Item, {"sku": "a", "parts": [{"sku": "b", "size": True}]}, False),
    ],
)
def test_schema_and_validation_agree_where_pydantic_alone_would_not(
    annotation: Any, value: Any, is_accepted: bool
) -> None:
    tool = resolved(taking(annotation))
    arguments = {"value": value}

    assert accepts(tool, arguments) is is_accepted
    assert Draft202012Validator(tool.input_schema).is_valid(arguments) is is_accepted


def test_schema_extra_is_enforced() -> None:
    def act(a: int = 0, b: int = 0) -> None:
        """Act."""

    tool = resolved(act, schema_extra={"dependentRequired": {"a": ["b"]}})

    assert accepts(tool, {"a": 1, "b": 2})
    with pytest.raises(InvalidArgumentsError) as caught:
        bound(tool, call_of("act", arguments={"a": 1}))
    (violation,) = caught.value.violations
    assert violation.path == ""
    assert violation.reason == "breaks 'dependentRequired' of the input schema"


@pytest.mark.parametrize("name", ["model_config", "json", "copy", "schema", "self", "cls", "_x"])
def test_any_name_will_do_for_a_parameter(name: str) -> None:
    namespace: dict[str, Callable[..., Any]] = {}
    exec(f"def act(before: str, {name}: int = 3) -> None: 'Act.'", {}, namespace)
    tool = resolved(namespace["act"])
    arguments = bound(tool, call_of("act", arguments={"before": "a", name: 5}))

    assert arguments == {"before": "a", name: 5}
    assert tool.input_schema["properties"][name] == {"type": "integer", "default": 3}


def test_alias_of_a_parameter_fills_it() -> None:
    def act(day: Annotated[datetime.date, Field(alias="from")]) -> None:
        """Act."""

    tool = resolved(act)

    assert bound(tool, call_of("act", arguments={"from": "2026-01-31"})) == {
        "day": datetime.date(2026, 1, 31)
    }
    assert not accepts(tool, {"day": "2026-01-31"})
