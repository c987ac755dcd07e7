"""Whatever a function may return under its annotation, the answer validates."""

import datetime
import enum
import json
import math
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from django_mcp.exceptions import InvalidResultError
from tests.tools.single_tools import resolved, returning

FORMATS = FormatChecker()


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Size(enum.IntEnum):
    SMALL = 1


class Item(BaseModel):
    name: str
    price: Decimal = Field(default=Decimal(0), alias="thePrice")
    parts: list["Item"] = []


@dataclass
class Point:
    x: int
    y: float = 0.0


class Person(TypedDict, total=False):
    name: str
    born: datetime.date


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LAZY = st.sampled_from([gettext_lazy("Yes"), gettext_lazy("No")])
INTEGERS = st.integers(-(2**70), 2**70)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
MOMENTS = st.datetimes(timezones=st.none() | st.just(datetime.UTC))
DURATIONS = st.timedeltas(
    min_value=datetime.timedelta(days=-9999), max_value=datetime.timedelta(days=9999)
)


def lists(items: Any) -> Any:
    """Every kind of iterable that is a list in JSON."""
    return st.lists(items, max_size=4).flatmap(
        lambda made: st.sampled_from(
            [
                lambda: made,
                lambda: tuple(made),
                lambda: deque(made),
                lambda: iter(made),
                lambda: (each for each in made),
                lambda: filter(lambda _: True, made),
                lambda: dict(enumerate(made)).values(),
            ]
        )
    )


def call(maker: Any) -> Any:
    return maker() if callable(maker) else maker


ITEMS: Any = st.builds(Item, name=TEXT, thePrice=DECIMALS) | st.builds(
    dict, name=TEXT | LAZY, price=DECIMALS
)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | TEXT | LAZY | DECIMALS | MOMENTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXT, inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=8,
)

CASES: list[tuple[Any, Any]] = [
    (int, INTEGERS),
    (float, FLOATS | INTEGERS.filter(lambda n: abs(n) < 2**53)),
    (bool, st.booleans()),
    (str, TEXT | LAZY),
    (None, st.none()),
    (int | None, INTEGERS | st.none()),
    (int | str, INTEGERS | TEXT | LAZY),
    (Decimal, DECIMALS),
    (datetime.datetime, MOMENTS | MOMENTS.map(lambda m: m.isoformat() + "Z" * (m.tzinfo is None))),
    (datetime.date, st.dates() | st.dates().map(str)),
    (datetime.time, st.times()),
    (datetime.timedelta, DURATIONS),
    (uuid.UUID, st.uuids() | st.uuids().map(str)),
    (Colour, st.sampled_from([*Colour, "red", 1])),
    (Size, st.sampled_from([Size.SMALL, 1])),
    (Literal["a", 1], st.sampled_from(["a", 1])),
    (list[int], lists(INTEGERS)),
    (Sequence[str], lists(TEXT | LAZY)),
    (Iterable[Decimal], lists(DECIMALS)),
    (set[int], st.sets(INTEGERS, max_size=4)),
    (frozenset[str], st.frozensets(TEXT, max_size=4)),
    (tuple[int, str], st.tuples(INTEGERS, TEXT | LAZY)),
    (tuple[Decimal, ...], lists(DECIMALS)),
    (dict[str, Decimal], st.dictionaries(TEXT, DECIMALS, max_size=4)),
    (
        dict[int, list[str]],
        st.dictionaries(INTEGERS, st.lists(TEXT | LAZY, max_size=3), max_size=3),
    ),
    (dict[str, Any], st.dictionaries(TEXT, JSON, max_size=4)),
    (Any, JSON),
    (Item, ITEMS),
    (list[Item], lists(ITEMS)),
    (list[Item | None], lists(ITEMS | st.none())),
    (Point, st.builds(Point, INTEGERS, FLOATS)),
    (list[Point], lists(st.builds(Point, INTEGERS, FLOATS))),
    (Person, st.fixed_dictionaries({}, optional={"name": TEXT | LAZY, "born": st.dates()})),
]


@pytest.mark.parametrize(("annotation", "values"), CASES, ids=lambda each: str(each)[:40])
def test_any_value_that_a_function_may_return_validates_and_is_read_the_same(
    annotation: Any, values: Any
) -> None:
    output = resolved(returning(annotation, None)).output
    assert output.schema is not None
    schema = Draft202012Validator(output.schema, format_checker=FORMATS)

    @settings(
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=60,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(values)
    def judge(value: Any) -> None:
        rendered = output.render(call(value))
        (block,) = rendered.content
        text = block.text  # type: ignore[attr-defined]

        schema.validate(rendered.structured)
        whole = json.dumps(rendered.structured, allow_nan=False)
        assert json.loads(whole) == rendered.structured
        data = rendered.structured["result"] if output.is_wrapped else rendered.structured  # type: ignore[index]
        assert (text if isinstance(data, str) else json.loads(text)) == data

    judge()


@pytest.mark.parametrize(("annotation", "values"), CASES, ids=lambda each: str(each)[:40])
def test_any_json_is_accepted_or_refused_and_what_is_sent_validates(
    annotation: Any, values: Any
) -> None:
    output = resolved(returning(annotation, None)).output
    assert output.schema is not None
    schema = Draft202012Validator(output.schema)

    @settings(database=None, deadline=None, derandomize=True, max_examples=60)
    @given(JSON)
    def judge(value: Any) -> None:
        try:
            rendered = output.render(value)
        except InvalidResultError:
            return
        schema.validate(rendered.structured)
        data = rendered.structured["result"] if output.is_wrapped else rendered.structured  # type: ignore[index]
        assert json_types(data) <= json_types(value)

    judge()


def json_types(value: Any) -> set[str]:
    """The JSON types of the scalars in it: none may appear that was not there."""
    match value:
        case bool():
            return {"boolean", "number"}  # pydantic has always written True as 1 for an integer
        case int() | float():
            assert math.isfinite(value)
            return {"number"}
        case None:
            return {"null", "array"}
        case dict():
            return set().union(*map(json_types, value.values())) | {"string"}
        case list() | tuple():
            return set().union(*map(json_types, value))
    return {"string"}
