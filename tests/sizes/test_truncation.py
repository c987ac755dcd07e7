"""`overflow="truncate"`: lists shortened to whole rows, which nobody can take for the whole."""

import json
from collections import deque
from collections.abc import Generator, Iterator
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from mcp_types import TextContent
from pydantic import BaseModel
from pytest_django import Settings
from typing_extensions import TypedDict

from django_mcp import Text, tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import offering
from tests.tools.single_tools import receive
from tests.wire import Client

pytestmark = pytest.mark.django_db

SYNC_AND_ASYNC = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])

NARROW = "Narrow the search to get the others."


class Named(BaseModel):
    name: str


class NamedDict(TypedDict):
    name: str


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_ROWS = 3
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 400


def make_groups(number: int) -> None:
    Group.objects.bulk_create(Group(name=f"g{n}") for n in range(number))


def texts(result: ToolResult) -> list[str]:
    return [each.text for each in result.content if isinstance(each, TextContent)]


def groups() -> Any:
    return Group.objects.order_by("pk")


def generate() -> Iterator[int]:
    yield from range(4)


LISTS: list[tuple[Any, Any, dict[str, Any], list[Any], int | None]] = [
    (list[int], lambda: [1, 2, 3, 4], {}, [1, 2, 3], 1),
    (list[int], lambda: (1, 2, 3, 4), {}, [1, 2, 3], 1),
    (tuple[int, ...], lambda: (1, 2, 3, 4), {}, [1, 2, 3], 1),
    (set[int], lambda: {1, 2, 3, 4}, {}, [1, 2, 3], 1),
    (list[int], lambda: deque(range(5)), {}, [0, 1, 2], 2),
    (list[int], lambda: range(4), {}, [0, 1, 2], 1),
    (list[int], count, {}, [0, 1, 2], None),
    (Generator[int, None, None], generate, {}, [0, 1, 2], None),
    (list[str], lambda: groups().values_list("name", flat=True), {}, ["g0", "g1", "g2"], 2),
    (list[Group], groups, {"fields": ["name"]}, [{"name": f"g{n}"} for n in range(3)], 2),
    (
        list[Group],
        lambda: [Group(name=f"g{n}") for n in range(5)],
        {"fields": ["name"]},
        [{"name": f"g{n}"} for n in range(3)],
        2,
    ),
    (list[Named], groups, {}, [{"name": f"g{n}"} for n in range(3)], 2),
    (
        list[NamedDict],
        lambda: groups().values("name"),
        {},
        [{"name": f"g{n}"} for n in range(3)],
        2,
    ),
    (
        list[Group],
        lambda: Group.objects.raw("select id, name from auth_group order by id"),
        {"fields": ["name"]},
        [{"name": f"g{n}"} for n in range(3)],
        None,
    ),
    (..., lambda: [1, 2, 3, 4], {}, [1, 2, 3], 1),
    (..., count, {}, [0, 1, 2], None),
    (..., lambda: groups().values_list("name", flat=True), {}, ["g0", "g1", "g2"], 2),
]


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value", "options", "rows", "remaining"), LISTS, ids=range(len(LISTS))
)
def test_list_with_too_many_rows_is_shortened_and_says_so(
    annotation: Any,
    value: Any,
    options: dict[str, Any],
    rows: list[Any],
    remaining: int | None,
    is_async: bool,
) -> None:
    make_groups(5)

    result = receive(annotation, value, is_async=is_async, overflow="truncate", **options)

    assert not result.is_error, result.text
    number = "the first 3 rows" if remaining is None else f"3 of {3 + remaining} rows"
    first, last = texts(result)
    assert json.loads(first) == rows
    assert last == f"This is a part of the result: {number}. {NARROW}"
    assert result.structured == (None if annotation is ... else {"result": rows})
    assert result.meta["django-mcp/truncated"] == {
        "returned": 3,
        "remaining": remaining,
        "hint": NARROW,
    }


@SYNC_AND_ASYNC
@pytest.mark.parametrize("annotation", [list[str], ...])
def test_list_with_too_many_bytes_is_shortened_to_whole_rows(
    annotation: Any, is_async: bool
) -> None:
    rows = ["\u00e9" * 60, "b" * 150, "c" * 150]

    result = receive(annotation, rows, is_async=is_async, overflow="truncate")

    assert json.loads(texts(result)[0]) == rows[:2]
    assert result.meta["django-mcp/truncated"]["returned"] == 2
    assert result.meta["django-mcp/truncated"]["remaining"] == 1
    assert sum(len(each.encode()) for each in texts(result)) <= 400


@SYNC_AND_ASYNC
@pytest.mark.parametrize("annotation", [list[int], ...])
def test_list_that_fits_is_as_ever(annotation: Any, is_async: bool) -> None:
    result = receive(annotation, [1, 2, 3], is_async=is_async, overflow="truncate")

    assert texts(result) == ["[1,2,3]"]
    assert "django-mcp/truncated" not in result.meta


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (list[str], ["x" * 400, "y"]),
        (..., ["x" * 400, "y"]),
        (..., "x" * 401),
        (..., {"rows": ["x" * 401]}),
        (..., lambda: [Text(text="a")] * 4),
        (..., lambda: (Text(text="a") for _ in range(4))),
        (list[list[int]], lambda: [Group.objects.values_list("pk", flat=True)]),
    ],
    ids=["row", "row of any", "text", "object", "content", "iterator of content", "list in a row"],
)
def test_what_cannot_be_shortened_to_whole_rows_is_refused(
    annotation: Any, value: Any, is_async: bool
) -> None:
    make_groups(4)

    result = receive(annotation, value, is_async=is_async, overflow="truncate")

    assert result.is_error
    assert result.error["kind"] == "too_large"
    assert CallRecord.objects.latest().outcome == "too_large"


def test_rows_are_counted_by_one_query_and_only_when_there_are_more() -> None:
    make_groups(3)
    with CaptureQueriesContext(connection) as whole:
        receive(list[Named], groups, overflow="truncate")
    Group.objects.bulk_create(Group(name=f"more{n}") for n in range(2))
    with CaptureQueriesContext(connection) as cut:
        receive(list[Named], groups, overflow="truncate")

    of_groups = [
        [each["sql"] for each in queries if "auth_group" in each["sql"]] for queries in (whole, cut)
    ]
    assert ["COUNT(*)" in sql for sql in of_groups[0]] == [False]
    assert ["COUNT(*)" in sql for sql in of_groups[1]] == [False, True]
    assert "LIMIT 4" in of_groups[1][0]


def test_pages_of_too_many_bytes_are_shorter_and_lose_no_row(settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 1000
    names = [f"{n:02}" + "x" * (n * 37 % 120) for n in range(23)]
    Group.objects.bulk_create(Group(name=name) for name in names)
    seen: list[str] = []
    marks: list[Any] = []
    cursor = None

    def pages() -> list[Named]:
        """List the groups."""
        return Group.objects.order_by("name")  # type: ignore[return-value]

    with offering(pages, read_only=True, page_size=10, overflow="truncate"):
        client = MCPClient()
        while True:
            result = client.call("pages", **({} if cursor is None else {"cursor": cursor}))
            assert not result.is_error, result.text
            assert result.structured is not None
            seen += [row["name"] for row in result.structured["result"]]
            marks.append(result.meta.get("django-mcp/truncated"))
            cursor = result.structured["next"]
            assert json.loads(texts(result)[0]) == result.structured
            if cursor is None:
                break

    assert seen == names
    cut = [each for each in marks if each is not None]
    assert cut
    assert all(each["hint"].startswith("Call again, with the `next`") for each in cut)


@pytest.mark.parametrize(
    ("annotation", "options", "problem"),
    [
        (int, {}, "the return annotation names none"),
        (Named, {}, "the return annotation names none"),
        (dict[str, list[int]], {}, "the return annotation names none"),
        (tuple[int, str], {}, "the return annotation names none"),
        (list[Text], {}, "the return annotation names none"),
        (User, {"fields": ["username"]}, "the return annotation names none"),
        (list[int], {"overflow": "cut"}, "overflow must be one of 'refuse', 'truncate'"),
    ],
)
def test_declaration_without_a_list_is_refused(
    annotation: Any, options: dict[str, Any], problem: str
) -> None:
    def give() -> Any:
        """Give."""

    give.__annotations__ = {"return": annotation}
    with collecting() as declared:
        tool(**{"overflow": "truncate", **options})(give)

    with pytest.raises(ToolRegistrationError, match=problem):
        build(declared)


@pytest.mark.parametrize("name", ["truncate", "atruncate", "truncate_slowly"])
def test_shortened_list_on_the_wire(client: Client, name: str) -> None:
    answer = client.call(name, number=5)

    assert answer.result["structuredContent"] == {"result": [0, 1, 2]}
    assert [each["type"] for each in answer.result["content"]] == ["text", "text"]
    assert answer.result["_meta"]["django-mcp/truncated"]["remaining"] == 2
    assert CallRecord.objects.get().outcome == "ok"
