"""What holds of cursors whatever rows are ordered by, and whatever clients make of them."""

import datetime
import json
import math
import string
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import F, QuerySet
from django.test.utils import isolate_apps
from hypothesis import given, settings
from hypothesis import strategies as st

from django_mcp import tool
from django_mcp.primitives.declaration import collecting
from django_mcp.schemas.models.keyset import Position
from django_mcp.schemas.pages.cursors import read_cursor, write_cursor
from django_mcp.testing import MCPClient
from tests.calls import offering, serving_declared
from tests.shop.models import Product
from tests.tools.single_tools import returning

check = settings(database=None, deadline=None, derandomize=True, max_examples=100)

VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=20)
)
POSITIONS = st.builds(
    Position,
    order=st.lists(st.text(max_size=20), max_size=3).map(tuple),
    values=st.lists(VALUES, max_size=3).map(tuple),
)
ALPHABET = string.ascii_letters + string.digits + "-_="
CHARACTERS = st.sampled_from([*ALPHABET, *"+/ \n.", "\u00e9", "\x00"])

REFUSAL = (
    "The arguments are invalid.\n"
    "- cursor: is no `next` of this list for these arguments; leave it out to start again"
)


def is_refused(cursor: str, *, bound_to: str = "") -> bool:
    try:
        read_cursor(cursor, bound_to=bound_to)
    except ValueError:
        return True
    return False


@check
@given(POSITIONS, st.text(max_size=20))
def test_position_comes_back_from_its_cursor(position: Position, bound_to: str) -> None:
    cursor = write_cursor(position, bound_to=bound_to)

    assert read_cursor(cursor, bound_to=bound_to) == position


@check
@given(st.data())
def test_cursor_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    cursor = write_cursor(Position(order=("pk",), values=(1, "a")), bound_to="")
    start = data.draw(st.integers(0, len(cursor)))
    end = data.draw(st.integers(start, min(len(cursor), start + 3)))
    changed = cursor[:start] + data.draw(st.text(CHARACTERS, max_size=3)) + cursor[end:]

    assert is_refused(changed) is (changed != cursor)


@pytest.mark.parametrize("length", [0, 16, 32])  # base64 with each of its endings
def test_cursor_with_any_one_character_changed_is_refused(length: int) -> None:
    cursor = write_cursor(Position(order=("pk",), values=("a" * length,)), bound_to="")
    end = len(cursor) - 4
    changed = {
        cursor[:place] + character + cursor[place + 1 :]
        for place in range(len(cursor) + 1)
        for character in (ALPHABET if place >= end else "AQgw9-_=")
    }

    assert [each for each in changed if not is_refused(each)] == [cursor]


@check
@given(st.text(st.characters(exclude_categories=()), max_size=80) | st.text(CHARACTERS))
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    assert is_refused(text)


@pytest.mark.django_db
def test_cursor_is_good_for_its_tool_its_arguments_and_its_user_alone() -> None:
    for sku in "abc":
        Product.objects.create(sku=sku, name=sku, price=1)
    clients = {
        "ann": MCPClient(User.objects.create_user("ann")),
        "bob": MCPClient(User.objects.create_user("bob")),
        "nobody": MCPClient(),
    }
    with collecting() as declared:

        @tool(read_only=True, fields=["sku"], page_size=1)
        def one(number: int | str | None = 0, words: str = "") -> list[Product]:
            """List."""
            return Product.objects.all()  # type: ignore[return-value]

        @tool(read_only=True, fields=["sku"], page_size=1)
        def two(number: int | str | None = 0, words: str = "") -> list[Product]:
            """List."""
            return Product.objects.all()  # type: ignore[return-value]

    calls = st.tuples(
        st.sampled_from(["one", "two"]),
        st.sampled_from([*clients]),
        st.fixed_dictionaries(
            {},
            optional={
                "number": st.sampled_from([None, 0, 1, "", "0", "1", "None"]),
                "words": st.sampled_from(["", "0", "a"]),
            },
        ),
    )

    @settings(check, max_examples=30)
    @given(calls, calls)
    def judge(call: Any, other: Any) -> None:
        name, user, arguments = call
        cursor = clients[user].call(name, **arguments).data["next"]
        name, user, arguments = other
        result = clients[user].call(name, cursor=cursor, **arguments)

        if json.dumps(call, sort_keys=True) == json.dumps(other, sort_keys=True):
            assert result.data["result"] == [{"sku": "b"}]
        else:
            assert result.text == REFUSAL

    with serving_declared(declared):
        judge()


@contextmanager
def table() -> Iterator[Any]:
    """A model with nullable columns of several types, whose table exists while the block runs."""
    with isolate_apps("tests.shop"):

        class Thing(models.Model):  # noqa: DJ008
            number = models.IntegerField(null=True)
            words = models.CharField(max_length=9, null=True)  # noqa: DJ001
            day = models.DateField(null=True)
            moment = models.DateTimeField(null=True)
            amount = models.DecimalField(max_digits=12, decimal_places=4, null=True)
            ratio = models.FloatField(null=True)
            flag = models.BooleanField(null=True)

            class Meta:
                app_label = "shop"

        with connection.schema_editor() as editor:
            editor.create_model(Thing)
        try:
            yield Thing
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(Thing)


NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
FINITE = [0.1, -0.0, 0.0, 1e-9, 0.30000000000000004, 1e300]
# MariaDB knows numbers alone. SQLite takes NaN for null.
FLOATS = FINITE if connection.vendor == "mysql" else [*FINITE, math.inf, -math.inf, math.nan]
# Few, so that rows are equal in some of them and null in others.
COLUMNS: dict[str, list[Any]] = {
    "number": [0, 1, -(2**31), 2**31 - 1],
    "words": ["", " ", "a", "B", "b", "\u00e9", "\U0001f600", "%'\"\\"],
    "day": [datetime.date(1, 1, 1), datetime.date(2026, 1, 31), datetime.date(9999, 12, 31)],
    "moment": [NOON, NOON + datetime.timedelta(microseconds=1)],
    "amount": [Decimal("0E-4"), Decimal("1.5"), Decimal("1.5001"), Decimal("-99999999.9999")],
    "ratio": FLOATS,
    "flag": [False, True],
}
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.none() | st.sampled_from(values) for name, values in COLUMNS.items()}
    ),
    max_size=7,
)


@st.composite
def orderings(draw: st.DrawFn) -> list[Any]:
    """What a queryset may be ordered by: some columns in either direction, nulls anywhere."""
    names = draw(st.lists(st.sampled_from([*COLUMNS]), unique=True, max_size=3))
    return [draw(sort_keys(name)) for name in names] + draw(st.sampled_from([[], ["pk"], ["-pk"]]))


def sort_keys(name: str) -> st.SearchStrategy[Any]:
    column = F(name)
    return st.sampled_from(
        [
            name,
            f"-{name}",
            column.asc(nulls_first=True),
            column.asc(nulls_last=True),
            column.desc(nulls_first=True),
            column.desc(nulls_last=True),
        ]
    )


@pytest.mark.django_db(transaction=True)
def test_pages_have_every_row_once_in_order_whatever_the_ordering() -> None:
    querysets: list[QuerySet[Any]] = []

    @settings(check, max_examples=30)
    @given(ROWS, orderings(), st.booleans(), st.integers(1, 4))
    def judge(rows: list[Any], ordering: list[Any], is_reversed: bool, limit: int) -> None:
        model.objects.all().delete()
        model.objects.bulk_create(model(**row) for row in rows)
        queryset = model.objects.order_by(*ordering)
        queryset = queryset.reverse() if is_reversed else queryset
        querysets[:] = [queryset.values_list("pk", flat=True)]

        seen = served(limit)

        assert sorted(seen) == sorted(model.objects.values_list("pk", flat=True))
        by_key = model.objects.in_bulk()
        # Rows that are equal to the ordering may come in any order.
        assert [sorted_by(by_key[key], ordering) for key in seen] == [
            sorted_by(row, ordering) for row in queryset
        ]

    give = returning(list[int], lambda: querysets[0])
    with table() as model, offering(give, read_only=True, page_size=4):
        judge()


def served(limit: int) -> list[Any]:
    """All rows, page by page."""
    seen: list[Any] = []
    arguments: dict[str, Any] = {"limit": limit}
    while True:
        page = MCPClient().call("give", **arguments).data
        assert len(page["result"]) == limit or page["next"] is None
        seen += page["result"]
        if page["next"] is None:
            return seen
        arguments["cursor"] = page["next"]


def sorted_by(row: Any, ordering: list[Any]) -> list[Any]:
    """What a row is ordered by, as values that are equal where the database has them so."""
    names = [
        each.lstrip("-") if isinstance(each, str) else each.expression.name for each in ordering
    ]
    values = [getattr(row, name) for name in names]
    return [
        repr(value + 0.0)  # NaN is itself, and -0.0 is 0.0
        if isinstance(value, float)
        else value.casefold()
        if isinstance(value, str) and connection.vendor == "mysql"
        else value
        for value in values
    ]
