"""Guards around reads and prompts: what they answer, refuse and replace, and what they must not."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from django_mcp import EmbeddedResource, PromptMessage, Text, prompt, resource, tool
from django_mcp.asgi import Application
from django_mcp.content import Content
from django_mcp.exceptions import CallRejectedError
from django_mcp.guards import Call, Guard, Rendered, WaitFor
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.wire import Client, serving

HERE = "tests.protocol.test_guards"

REQUESTS = {
    "resource": ("resources/read", {"uri": "note://5"}),
    "aresource": ("resources/read", {"uri": "anote://5"}),
    "prompt": ("prompts/get", {"name": "greet"}),
    "aprompt": ("prompts/get", {"name": "agreet"}),
}


class Answering(Guard):
    content: tuple[Content, ...] = ()

    def before(self, call: Call) -> Rendered | None:
        return Rendered(content=self.content)


class Replacing(Answering):
    def before(self, call: Call) -> Rendered | None:
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        return Rendered(content=self.content)


class ClosedError(CallRejectedError):
    outcome = "switched_off"
    message = "The office is closed."


class Refusing(Guard):
    def before(self, call: Call) -> Rendered | None:
        raise ClosedError


class Waiting(Guard):
    def before(self, call: Call) -> Rendered | None:
        raise WaitFor("never", timeout=0.01)


with collecting() as NOTES:

    @resource("note://{number}")
    def note(number: int) -> str:
        """A note."""
        return f"note {number}"

    @resource("anote://{number}")
    async def anote(number: int) -> str:
        """A note, on the loop."""
        return f"note {number}"

    @prompt
    def greet() -> str:
        """Greet."""
        return "hello"

    @prompt
    async def agreet() -> str:
        """Greet, on the loop."""
        return "hello"

    @tool(read_only=True)
    def speak() -> Text:
        """Return what only a prompt may."""
        return PromptMessage(content="hello")  # type: ignore[return-value]


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(NOTES) as application:
        yield application


@pytest.fixture(params=REQUESTS)
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def put(settings: Settings, guard: type[Guard]) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.{guard.__name__}"]


def ask(client: Client, target: str) -> Any:
    return asyncio.run(client.asend(*REQUESTS[target])).messages[-1]


@pytest.mark.parametrize("guard", [Answering, Replacing])
def test_content_of_the_right_kind_reaches_the_client(
    client: Client,
    settings: Settings,
    target: str,
    guard: type[Answering],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_read = EmbeddedResource(uri="note://5", text="kept", mime_type="text/html")
    content = of_read if "resource" in target else PromptMessage(content="kept", role="assistant")
    monkeypatch.setattr(Answering, "content", (content,))
    put(settings, guard)

    result = ask(client, target)["result"]

    if "resource" in target:
        shown = {"uri": "note://5", "mimeType": "text/html", "text": "kept"}
        assert result["contents"] == [shown]
    else:
        shown = {"type": "text", "text": "kept"}
        assert result["messages"] == [{"role": "assistant", "content": shown}]
    assert CallRecord.objects.get().outcome == "ok"


@pytest.mark.parametrize("guard", [Answering, Replacing])
def test_content_of_another_kind_is_a_fault_and_does_not_look_like_an_empty_result(
    client: Client,
    settings: Settings,
    target: str,
    guard: type[Answering],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Answering, "content", (Text(text="kept"),))
    put(settings, guard)

    error = ask(client, target)["error"]

    assert (error["code"], error["data"]["django-mcp/error"]["kind"]) == (-32603, "failed")
    assert CallRecord.objects.get().outcome == "failed"
    kind = "resource" if "resource" in target else "prompt"
    assert f"returned a Text as content of a {kind}" in caplog.text


@pytest.mark.parametrize(("guard", "outcome"), [(Refusing, "switched_off"), (Waiting, "busy")])
def test_guard_refuses_reads_and_prompts_as_it_refuses_calls(
    client: Client, settings: Settings, target: str, guard: type[Guard], outcome: str
) -> None:
    put(settings, guard)

    error = ask(client, target)["error"]

    record = CallRecord.objects.get()
    assert error["code"] == -32603
    assert record.kind in target
    assert record.outcome == error["data"]["django-mcp/error"]["kind"] == outcome


def test_message_of_a_prompt_is_no_result_of_a_tool(client: Client) -> None:
    result = asyncio.run(client.acall("speak")).result

    assert result["isError"]
    assert CallRecord.objects.get().outcome == "failed"
