"""File responses of Django's as results: embedded resources with a name and a content type."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.signals import request_finished
from django.http import FileResponse
from mcp_types import BlobResourceContents, EmbeddedResource, TextContent
from pytest_django import Settings

from django_mcp import Text, tool
from django_mcp.testing import MCPClient
from tests.calls import offering
from tests.tools.single_tools import receive, resolved, returning

pytestmark = pytest.mark.django_db


def embedded(uri: str, mime_type: str, blob: str) -> EmbeddedResource:
    contents = BlobResourceContents(uri=uri, mime_type=mime_type, blob=blob)
    return EmbeddedResource(resource=contents)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("annotation", [FileResponse, ...], ids=["declared", "undeclared"])
def test_file_response_becomes_an_embedded_file(
    annotation: Any, is_async: bool, tmp_path: Path
) -> None:
    path = tmp_path / "totals 2026.csv"
    path.write_bytes(b"a;b")
    opened = []

    def response() -> FileResponse:
        opened.append(path.open("rb"))
        return FileResponse(opened[0])

    result = receive(annotation, response, is_async=is_async)

    assert result.content == (embedded("attachment:///totals%202026.csv", "text/csv", "YTti"),)
    assert resolved(returning(annotation, None)).output_schema is None
    assert opened[0].closed


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (
            lambda: FileResponse(io.BytesIO(b"a"), filename="größe.pdf", as_attachment=True),
            embedded("attachment:///gr%C3%B6%C3%9Fe.pdf", "application/pdf", "YQ=="),
        ),
        (
            lambda: FileResponse(iter([b"a", b"b"]), content_type="image/png"),
            embedded("attachment:///file", "image/png", "YWI="),
        ),
        (
            lambda: FileResponse(io.BytesIO()),
            embedded("attachment:///file", "application/octet-stream", ""),
        ),
    ],
)
def test_name_and_content_type_are_those_of_the_response(
    response: Callable[[], FileResponse], expected: EmbeddedResource
) -> None:
    assert receive(FileResponse, response).content == (expected,)


@pytest.mark.django_db(transaction=True)
def test_tool_that_returns_a_file_keeps_its_transaction(tmp_path: Path) -> None:
    path = tmp_path / "order.pdf"
    path.write_bytes(b"a")
    finished = []
    opened = []

    def note_end_of_request(**kwargs: Any) -> None:
        finished.append(kwargs)

    @tool
    def make_group() -> FileResponse:
        """Make a group, and a file about it."""
        Group.objects.create(name="buyers")
        opened.append(path.open("rb"))
        return FileResponse(opened[0])

    # Django closes connections then, and their transactions with them. SQLite in memory is spared.
    request_finished.connect(note_end_of_request)
    try:
        with offering(make_group):
            result = MCPClient().call("make_group")
    finally:
        request_finished.disconnect(note_end_of_request)

    assert result.content == (embedded("attachment:///order.pdf", "application/pdf", "YQ=="),)
    assert Group.objects.filter(name="buyers").exists()
    assert (finished, opened[0].closed) == ([], True)


def test_files_and_other_content_go_together() -> None:
    result = receive(
        list[Text | FileResponse],
        lambda: [Text(text="Here it is."), FileResponse(io.BytesIO(b"a"), filename="a.txt")],
    )

    assert result.content == (
        TextContent(text="Here it is."),
        embedded("attachment:///a.txt", "text/plain", "YQ=="),
    )


def test_file_that_is_too_large_is_read_no_further_and_refused_in_words(settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 1000
    read = []

    def chunks() -> Any:
        for _ in range(1000):
            read.append(64)
            yield bytes(64)

    result = receive(FileResponse, lambda: FileResponse(chunks(), filename="big.bin"))

    assert result.error["kind"] == "too_large"
    assert result.error["error"] == "The file is larger than 1000 bytes."
    assert sum(read) == 1024


def test_file_that_is_read_on_the_loop_is_our_failure() -> None:
    async def chunks() -> Any:
        yield b"a"

    result = receive(FileResponse, lambda: FileResponse(chunks()))

    assert result.text.startswith("The call failed.")
