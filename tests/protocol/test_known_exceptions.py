"""Known exceptions and failed follow-ups as the wire has them, in both eras."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from pydantic import BaseModel
from pytest_django import Settings

from django_mcp import Image, Text, ToolContext, tool
from django_mcp.asgi import Application
from django_mcp.content import Content
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.protocol.tasks import ending
from tests.wire import TASKS, Client, serving

SECRET = "hunter2-s3cret"

with collecting() as TOOLS:

    @tool
    def add_group(name: str) -> str:
        """Add a group."""
        if name == "root":
            raise PermissionDenied("Only for staff.")
        if name == "x":
            raise ValidationError({"name": "Is too short."})
        Group.objects.create(name=name)
        return name

    @tool(read_only=True)
    async def find_group(name: str) -> int:
        """Find a group."""
        return (await Group.objects.aget(name=name)).pk

    @tool
    def announce(name: str) -> list[Content]:
        """Add a group, and fail to tell anybody."""
        Group.objects.create(name=name)
        transaction.on_commit(lambda: 1 // 0)
        return [Text(text="added"), Image(data=b"GIF", mime_type="image/gif")]

    @tool(background=True)
    def announce_later(name: str) -> str:
        """Add a group, and fail to tell anybody."""
        Group.objects.create(name=name)
        transaction.on_commit(lambda: 1 // 0)
        return name

    class Consent(BaseModel):
        """What the user is asked."""

        confirm: bool

    def ask(context: ToolContext) -> None:
        """Ask, then write something with a hook that fails."""
        context.elicit("Sure?", Consent)
        Group.objects.create(name="asked")
        transaction.on_commit(lambda: 1 // 0)

    @tool(background=True, prepare=ask)
    def act_when_asked() -> str:
        """Act, when the user agrees."""
        return "acted"


SAVED = "What this call did was saved, but a step that was to follow it failed."
ONCE = "Do not repeat the call: that would do it once more."


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(TOOLS) as application:
        yield application


@pytest.mark.parametrize(
    ("name", "argument", "kind", "text", "hint"),
    [
        ("add_group", "root", "permission_denied", "Only for staff.", ""),
        (
            "add_group",
            "x",
            "invalid_arguments",
            "The arguments are invalid.",
            "- name: Is too short.",
        ),
        ("add_group", SECRET, "conflict", "Group with this Name already exists.", ""),
        ("find_group", "none", "not_found", "There is no such group.", ""),
    ],
)
def test_known_exception_is_a_result_that_says_what_is_wrong(
    client: Client,
    name: str,
    argument: str,
    kind: str,
    text: str,
    hint: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    Group.objects.create(name=SECRET)

    answer = asyncio.run(client.acall(name, name=argument))

    assert answer.result["isError"] is True
    assert answer.result["content"] == [{"type": "text", "text": f"{text}\n{hint}".strip()}]
    assert answer.result["_meta"]["django-mcp/error"] == {
        "kind": kind,
        "error": text,
        "retryable": False,
        "hint": hint,
        "retry_after": None,
    }
    assert SECRET not in answer.text
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING]


def test_follow_up_that_fails_is_told_before_the_result_of_the_tool(client: Client) -> None:
    result = asyncio.run(client.acall("announce", name="kept")).result

    assert result["isError"] is True
    assert "structuredContent" not in result
    assert result["content"] == [
        {"type": "text", "text": f"{SAVED}\n{ONCE}"},
        {"type": "text", "text": "added"},
        {"type": "image", "data": "R0lG", "mimeType": "image/gif"},
    ]
    assert result["_meta"]["django-mcp/error"] == {
        "kind": "follow_up_failed",
        "error": SAVED,
        "retryable": False,
        "hint": ONCE,
        "retry_after": None,
    }
    assert Group.objects.filter(name="kept").exists()


def test_client_that_waits_for_a_background_tool_is_told_the_same(client: Client) -> None:
    result = asyncio.run(client.acall("announce_later", name="kept")).result

    assert result["isError"] is True
    assert [each["text"] for each in result["content"]] == [f"{SAVED}\n{ONCE}", "kept"]


def test_follow_up_of_what_an_answer_prepares_keeps_the_tool_from_running(modern: Client) -> None:
    asked = modern.with_forms()
    params: dict[str, Any] = {"name": "act_when_asked", "arguments": {}}
    asking = asyncio.run(asked.asend("tools/call", params)).result
    [key] = asking["inputRequests"]
    answers = {key: {"action": "accept", "content": {"confirm": True}}}

    answer = asyncio.run(
        asked.asend(
            "tools/call",
            {**params, "inputResponses": answers, "requestState": asking["requestState"]},
        )
    )

    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "follow_up_failed"
    assert [each["text"] for each in answer.result["content"]] == [f"{SAVED}\n{ONCE}"]
    assert Group.objects.filter(name="asked").exists()
    assert not ToolTask.objects.exists()
    assert CallRecord.objects.latest().outcome == "follow_up_failed"


def test_task_completes_with_the_same(modern: Client) -> None:
    tasker = modern.having(capabilities={"extensions": {TASKS: {}}})

    async def scenario() -> dict[str, object]:
        params = {"name": "announce_later", "arguments": {"name": "kept"}}
        handle = (await tasker.asend("tools/call", params)).result
        return await ending(tasker, handle["taskId"])

    ended = asyncio.run(scenario())

    assert ended["status"] == "completed"
    result = ended["result"]
    assert isinstance(result, dict)
    assert result["isError"] is True
    assert [each["text"] for each in result["content"]] == [f"{SAVED}\n{ONCE}", "kept"]
    assert result["_meta"]["django-mcp/error"]["kind"] == "follow_up_failed"
