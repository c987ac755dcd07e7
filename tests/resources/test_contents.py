"""Contents of resources, by what their functions return: text, bytes, or data as JSON."""

import enum
import inspect
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, Field
from pytest_django import Settings

from django_mcp import Audio, Image, PromptMessage, ResourceLink, Text, resource
from django_mcp.asgi import Application
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from tests.keys import PATH
from tests.wire import Client, serving

pytestmark = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])

UNDECLARED = inspect.Signature.empty
"""Annotation of a function that has none."""

BYTES = b"\x89PNG\xff"


class Paint(BaseModel):
    colour: str


@dataclass(frozen=True)
class Point:
    x: int


class Size(enum.Enum):
    SMALL = "s"


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving([]) as application:
        yield application


def returning(annotation: Any, value: Any, *, is_async: bool) -> Callable[..., Any]:
    def give() -> Any:
        """Give it."""
        return value

    async def agive() -> Any:
        """Give it."""
        return value

    function = agive if is_async else give
    function.__annotations__ = {} if annotation is UNDECLARED else {"return": annotation}
    return function


@contextmanager
def offering(
    client: Client, annotation: Any, value: Any, *, is_async: bool, **options: Any
) -> Iterator[Client]:
    with collecting() as declared:
        resource("shop://thing", **options)(returning(annotation, value, is_async=is_async))
    with serving(declared) as application:
        yield client.having(application=application)


def contents(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.send("resources/read", {"uri": "shop://thing"}).result[
        "contents"
    ]
    assert [each.pop("uri") for each in found] == ["shop://thing"] * len(found)
    return found


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, "red"),
        (str | None, "red"),
        (str | Paint, "red"),
        (Annotated[str, Field(max_length=3)], "red"),
        (Literal["red", "blue"], "red"),
        (Any, "red"),
        (UNDECLARED, "red"),
        (str, gettext_lazy("red")),
        (UNDECLARED, gettext_lazy("red")),
    ],
)
def test_text_is_read_as_text_whatever_else_is_declared(
    client: Client, annotation: Any, value: Any, is_async: bool
) -> None:
    with offering(client, annotation, value, is_async=is_async) as other:
        assert contents(other) == [{"mimeType": "text/plain", "text": "red"}]


@pytest.mark.parametrize("annotation", [bytes, bytes | None, bytes | Paint, Any, UNDECLARED])
@pytest.mark.parametrize("value", [BYTES, bytearray(BYTES), memoryview(BYTES)])
def test_bytes_are_read_as_a_blob_whatever_else_is_declared(
    client: Client, annotation: Any, value: Any, is_async: bool
) -> None:
    with offering(client, annotation, value, is_async=is_async) as other:
        assert contents(other) == [
            {"mimeType": "application/octet-stream", "blob": b64encode(BYTES).decode()}
        ]


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Paint, Paint(colour="red"), {"colour": "red"}),
        (Paint | str, Paint(colour="red"), {"colour": "red"}),
        (Paint | None, None, None),
        (str | None, None, None),
        (Point, Point(x=1), {"x": 1}),
        (list[Paint], [Paint(colour="a"), Paint(colour="b")], [{"colour": "a"}, {"colour": "b"}]),
        (dict[str, Any], {"result": "red"}, {"result": "red"}),
        (int, 3, 3),
        (bool, True, True),
        (date, date(2026, 1, 2), "2026-01-02"),
        (date | None, date(2026, 1, 2), "2026-01-02"),
        (UUID, UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Size, Size.SMALL, "s"),
        (UNDECLARED, date(2026, 1, 2), "2026-01-02"),
        (UNDECLARED, [], []),
        (UNDECLARED, ["red"], ["red"]),
    ],
)
def test_anything_else_is_read_as_json(
    client: Client, annotation: Any, value: Any, expected: Any, is_async: bool
) -> None:
    with offering(client, annotation, value, is_async=is_async) as other:
        (found,) = contents(other)

    assert found.pop("mimeType") == "application/json"
    assert json.loads(found.pop("text")) == expected
    assert found == {}


def test_iterators_are_read_once_as_json(client: Client, is_async: bool) -> None:
    values = (Paint(colour=each) for each in "ab")
    with offering(client, list[Paint], values, is_async=is_async) as other:
        (found,) = contents(other)

    assert json.loads(found["text"]) == [{"colour": "a"}, {"colour": "b"}]


def test_rows_are_read_as_their_fields(client: Client, is_async: bool) -> None:
    Group.objects.create(name="staff")
    rows = Group.objects.all()
    with offering(client, list[Group], rows, is_async=is_async, fields=["name"]) as other:
        (found,) = contents(other)

    assert found == {"mimeType": "application/json", "text": '[{"name":"staff"}]'}


@pytest.mark.parametrize(
    ("mime_type", "text"),
    [
        ("text/plain", "2026-01-02"),
        ("text/csv; charset=utf-8", "2026-01-02"),
        ("application/vnd.shop+json", '"2026-01-02"'),
        ("application/json; charset=utf-8", '"2026-01-02"'),
    ],
)
def test_media_type_decides_whether_a_value_is_quoted(
    client: Client, mime_type: str, text: str, is_async: bool
) -> None:
    day = date(2026, 1, 2)
    with offering(client, date, day, is_async=is_async, mime_type=mime_type) as other:
        assert contents(other) == [{"mimeType": mime_type, "text": text}]


def test_text_that_is_none_of_the_declared_is_a_failure(client: Client, is_async: bool) -> None:
    with offering(client, Literal["red", "blue"], "green", is_async=is_async) as other:
        error = other.send("resources/read", {"uri": "shop://thing"}).error

    assert error["data"]["django-mcp/error"]["kind"] == "failed"


@pytest.mark.parametrize(
    "annotation",
    [ResourceLink, list[Text | ResourceLink], tuple[Image, ResourceLink], PromptMessage],
)
def test_what_is_no_content_of_a_resource_cannot_be_declared(
    annotation: Any, is_async: bool
) -> None:
    with collecting() as declared:
        resource("shop://thing")(returning(annotation, None, is_async=is_async))

    with pytest.raises(ToolRegistrationError) as refused:
        build(declared)

    (problem,) = refused.value.problems
    assert problem.endswith(": a resource has no links and no messages")


def test_every_kind_of_content_may_be_returned(client: Client, is_async: bool) -> None:
    blocks = [
        Text(text="red"),
        Image(data=BYTES, mime_type="image/png"),
        Audio(data=BYTES, mime_type="audio/wav"),
    ]
    blob = b64encode(BYTES).decode()
    with offering(client, list[Text | Image | Audio], blocks, is_async=is_async) as other:
        assert contents(other) == [
            {"mimeType": "text/plain", "text": "red"},
            {"mimeType": "image/png", "blob": blob},
            {"mimeType": "audio/wav", "blob": blob},
        ]
