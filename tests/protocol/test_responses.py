"""The form of answers: one piece of JSON, or a stream where something may come before them."""

import asyncio
from typing import Any

import pytest

from django_mcp.transports.http import json_response
from tests.latch import Latch
from tests.wire import JSON, PATIENCE, Client, Conversation

STREAM = "text/event-stream"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers take long at once."""
    monkeypatch.setattr(json_response, "ATTENDED_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(json_response, "PING_INTERVAL_SECONDS", 0.01)


async def pings(opened: Conversation, count: int = 3) -> None:
    async with asyncio.timeout(PATIENCE):
        while opened.body.count(b": ping") < count:
            await opened.news()


def test_request_that_can_only_be_answered_is_answered_by_json(client: Client) -> None:
    for answer in (client.send("tools/list"), client.call("echo", text="x")):
        assert answer.header("content-type") == [JSON]


@pytest.mark.parametrize("name", ["count", "acount"])
def test_progress_is_streamed_to_those_alone_who_ask_for_it(client: Client, name: str) -> None:
    async def scenario(token: int | None) -> str:
        async with client.calling(name, token=token, to=2) as opened:
            answer = await opened.answer()
            assert len(answer.progress) == (2 if token else 0)
            return answer.header("content-type")[0]

    assert asyncio.run(scenario(None)) == JSON
    assert asyncio.run(scenario(7)) == STREAM


def test_tool_that_cannot_report_is_answered_by_json_whoever_asks(client: Client) -> None:
    async def scenario() -> str:
        async with client.calling("echo", token=7, text="x") as opened:
            return (await opened.answer()).header("content-type")[0]

    assert asyncio.run(scenario()) == JSON


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ["hold", "ahold"])
def test_answer_that_takes_long_becomes_a_stream(client: Client, latch: Latch, name: str) -> None:
    client = client.having(headers={"Origin": "http://testserver"})

    async def scenario() -> None:
        async with client.calling(name, name="x") as opened:
            await pings(opened)
            latch.open()
            answer = await opened.answer()

        assert answer.status == 200
        assert answer.header("content-type") == [STREAM]
        assert answer.header("access-control-allow-origin") == ["http://testserver"]
        assert answer.result["structuredContent"] == {"result": "x"}
        assert len(answer.messages) == 1

    asyncio.run(scenario())


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient")
def test_failure_after_a_long_time_arrives_as_well(client: Client, latch: Latch) -> None:
    async def scenario() -> None:
        async with client.calling("hold_and_fail") as opened:
            await pings(opened)
            latch.open()
            assert (await opened.answer()).result["isError"] is True

    asyncio.run(scenario())


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient")
def test_modern_client_that_leaves_after_a_long_time_cancels(modern: Client, latch: Latch) -> None:
    async def scenario() -> None:
        async with modern.calling("ahold", name="x") as opened:
            assert await latch.arrival() == "x"
            await pings(opened)
            opened.leave()
            assert await latch.arrival() == "x cancelled"

    asyncio.run(scenario())


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient")
def test_server_that_cannot_send_any_more_tells_that_the_client_has_left(
    modern: Client, latch: Latch, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, closed = Conversation.send, asyncio.Event()

    async def send_until_closed(opened: Conversation, message: Any) -> None:
        if closed.is_set():
            raise OSError("the connection is closed")
        await send(opened, message)

    monkeypatch.setattr(Conversation, "send", send_until_closed)

    async def scenario() -> None:
        async with modern.calling("ahold", name="x") as opened:
            assert await latch.arrival() == "x"
            closed.set()
            assert await latch.arrival() == "x cancelled"
            await asyncio.wait_for(opened.task, PATIENCE)

    asyncio.run(scenario())


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient")
def test_answer_of_many_bytes_is_one_event(client: Client, latch: Latch) -> None:
    text = "line\r\nline\n\ndata: x\u2028" * 10_000

    async def scenario() -> None:
        async with client.calling("hold", name=text) as opened:
            await pings(opened)
            latch.open()
            answer = await opened.answer()
        assert answer.result["structuredContent"] == {"result": text}

    asyncio.run(scenario())
