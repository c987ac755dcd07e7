"""Results with too many rows or bytes: refused, never cut."""

import logging
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import BaseModel
from pytest_django import Settings

from django_mcp import EmbeddedResource, Image, ResourceLink, Text
from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import offering
from tests.tools.single_tools import receive

pytestmark = pytest.mark.django_db

SYNC_AND_ASYNC = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
TOO_MANY_ROWS = {
    "error": "The result has more than 3 rows.",
    "retryable": False,
    "hint": "Ask for fewer: narrow the search.",
    "retry_after": None,
}


class Named(BaseModel):
    name: str


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_ROWS = 3
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 100


def make_groups(number: int) -> None:
    Group.objects.bulk_create(Group(name=f"g{n}") for n in range(number))


def read_names() -> Iterator[str]:
    yield from Group.objects.values_list("name", flat=True)


def refusal(result: ToolResult) -> dict[str, Any]:
    assert result.is_error
    assert result.structured is None
    assert result.text == f"{result.error['error']}\n{result.error['hint']}"
    assert CallRecord.objects.latest().outcome == "too_large"
    assert CallRecord.objects.latest().error_class == "ResultTooLargeError"
    return {key: result.error[key] for key in TOO_MANY_ROWS}


QUERYSETS: list[tuple[Any, Any, dict[str, Any]]] = [
    (list[Group], Group.objects.all, {"fields": ["name"]}),
    (list[Named], Group.objects.all, {}),
    (list[str], lambda: Group.objects.values_list("name", flat=True), {}),
    (..., lambda: Group.objects.values("name"), {}),
    (dict[str, Any], lambda: {"a": [Group.objects.values("name")]}, {}),
]


@pytest.mark.implementation
@SYNC_AND_ASYNC
@pytest.mark.parametrize(("annotation", "value", "options"), QUERYSETS)
def test_queryset_with_too_many_rows_is_refused_and_not_loaded(
    annotation: Any, value: Any, options: dict[str, Any], is_async: bool
) -> None:
    make_groups(3)
    fits = receive(annotation, value, is_async=is_async, **options)
    Group.objects.bulk_create(Group(name=f"more{n}") for n in range(3))
    with CaptureQueriesContext(connection) as queries:
        result = receive(annotation, value, is_async=is_async, **options)
    statements = [each["sql"] for each in queries.captured_queries if "auth_group" in each["sql"]]

    assert not fits.is_error, fits.text
    assert refusal(result) == TOO_MANY_ROWS
    assert len(statements) == 1
    assert "LIMIT 4" in statements[0]


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (list[int], lambda: [1, 2, 3, 4]),
        (list[int], lambda: range(4)),
        (list[int], lambda: (1, 2, 3, 4)),
        (set[int], lambda: {1, 2, 3, 4}),
        (list[int], count),
        (dict[str, Any], lambda: {"a": count()}),
        (..., lambda: [1, 2, 3, 4]),
        (..., count),
        (list[str], read_names),
        (dict[str, list[str]], lambda: {"a": read_names()}),
        (list[Text], lambda: [Text(text="a")] * 4),
    ],
)
def test_any_list_with_too_many_items_is_refused(
    annotation: Any, value: Any, is_async: bool
) -> None:
    make_groups(4)

    assert refusal(receive(annotation, value, is_async=is_async)) == TOO_MANY_ROWS


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "fits", "too_large"),
    [
        (str, "\u00e9" * 50, "\u00e9" * 51),
        (dict[str, str], {"a": "x" * 92}, {"a": "x" * 93}),
        (..., ["x" * 96], ["x" * 97]),
        (Text, Text(text="x" * 100), Text(text="x" * 101)),
        (
            list[Text | Image],
            [Text(text="\u00e9"), Image(data=b"x" * 98, mime_type="image/png")],
            [Text(text="\u00e9"), Image(data=b"x" * 99, mime_type="image/png")],
        ),
        (
            ResourceLink,
            ResourceLink(uri="a:" + "x" * 88, name="name", title="\u00e9", description="text"),
            ResourceLink(uri="a:" + "x" * 89, name="name", title="\u00e9", description="text"),
        ),
        (
            EmbeddedResource,
            EmbeddedResource(uri="a:" + "x" * 48, text="x" * 50),
            EmbeddedResource(uri="a:" + "x" * 49, text="x" * 50),
        ),
    ],
)
def test_more_bytes_than_the_limit_are_refused(
    annotation: Any, fits: Any, too_large: Any, is_async: bool
) -> None:
    assert not receive(annotation, fits, is_async=is_async).is_error
    assert refusal(receive(annotation, too_large, is_async=is_async)) == {
        **TOO_MANY_ROWS,
        "error": "The result is larger than 100 bytes.",
        "hint": "Ask for less: fewer rows, or a narrower search.",
    }


def test_relation_of_a_row_with_too_many_rows_is_refused(django_user_model: Any) -> None:
    class Member(BaseModel):
        username: str
        groups: list[Named]

    make_groups(4)
    ann = django_user_model.objects.create_user("ann")
    ann.groups.set(Group.objects.all())

    assert refusal(receive(list[Member], django_user_model.objects.all)) == TOO_MANY_ROWS


def test_what_was_written_for_a_result_that_is_too_large_is_undone() -> None:
    def add() -> list[str]:
        """Add groups."""
        make_groups(4)
        return [group.name for group in Group.objects.all()]

    with offering(add):
        assert refusal(MCPClient().call("add")) == TOO_MANY_ROWS

    assert not Group.objects.exists()


def test_author_reads_in_the_log_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        receive(list[int], [1, 2, 3, 4])

    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert line.exc_info is None
    assert "too_large" in line.getMessage()
    assert "The option page_size=... serves" in line.getMessage()
