"""The official client, in every mode, against a real server that asks for a token."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import CallToolResult, LoggingMessageNotificationParams

from tests.conformance_project.options import BOOM_SECRET
from tests.conformance_project.process import RunningServer, running_server
from tests.e2e.sdk import MODES, CheckedTransport, connecting

pytestmark = pytest.mark.parametrize("mode", MODES)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server(auth=True) as running:
        yield running


def call(server: RunningServer, mode: str, name: str, **arguments: Any) -> CallToolResult:
    async def scenario() -> CallToolResult:
        async with connecting(server.url, mode=mode, token=server.tokens["good"]) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(scenario())


def test_client_connects_in_the_era_of_its_mode(server: RunningServer, mode: str) -> None:
    async def scenario() -> tuple[str, list[str]]:
        async with connecting(server.url, mode=mode, token=server.tokens["good"]) as client:
            tools = (await client.list_tools()).tools
            return str(client.protocol_version), [tool.name for tool in tools]

    version, names = asyncio.run(scenario())

    assert version == ("2025-11-25" if mode == "legacy" else "2026-07-28")
    assert {"echo", "slow", "slow_sync", "boom"} <= set(names)
    assert names == sorted(names)


def test_client_calls_a_tool(server: RunningServer, mode: str) -> None:
    result = call(server, mode, "echo", text="x" * 50, n=7)

    assert result.is_error is False
    assert result.structured_content == {"result": "50 7 " + "x" * 40}


def test_client_is_told_what_to_change(server: RunningServer, mode: str) -> None:
    refused = call(server, mode, "reserve", item="chairs", quantity=11)
    invalid = call(server, mode, "reserve", item="chairs", quantity=0)

    assert refused.is_error is True
    assert "Ask for at most 10." in str(refused.content)
    assert invalid.is_error is True
    assert "quantity" in str(invalid.content)


def test_client_is_not_told_our_secrets(server: RunningServer, mode: str) -> None:
    result = call(server, mode, "boom")

    assert result.is_error is True
    assert BOOM_SECRET not in result.model_dump_json()


@pytest.mark.parametrize("name", ["slow", "slow_sync"])
def test_client_watches_the_progress(server: RunningServer, mode: str, name: str) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async def scenario() -> CallToolResult:
        async with connecting(server.url, mode=mode, token=server.tokens["good"]) as client:
            arguments = {"seconds": 0.5, "tag": mode}
            return await client.call_tool(name, arguments, progress_callback=note)

    result = asyncio.run(scenario())

    done = [progress for progress, _, _ in seen]
    assert result.is_error is False
    assert len(done) >= 2
    assert done == sorted(set(done))
    assert seen[-1] == (0.5, 0.5, mode)


def test_client_that_asks_for_log_messages_receives_them(server: RunningServer, mode: str) -> None:
    seen: list[tuple[str, Any, str | None]] = []

    async def note(params: LoggingMessageNotificationParams) -> None:
        seen.append((params.level, params.data, params.logger))

    async def scenario() -> CallToolResult:
        async with connecting(
            server.url,
            mode=mode,
            token=server.tokens["good"],
            logging_callback=note,
            log_level="alert",
        ) as client:
            return await client.call_tool("test_logging_tool", {})

    result = asyncio.run(scenario())

    assert result.is_error is False
    assert seen == [
        (level, f"This is a message of level {level}", "test_logging_tool")
        for level in ([] if mode == "legacy" else ["alert", "emergency"])
    ]


def test_client_that_lacks_scopes_is_told_which_at_http_level(
    server: RunningServer, mode: str
) -> None:
    transport = CheckedTransport()

    async def scenario() -> None:
        async with connecting(
            server.url, mode=mode, token=server.tokens["noscope"], transport=transport
        ) as client:
            with pytest.raises(MCPError):
                await client.call_tool("boom", {})

    asyncio.run(scenario())

    ((status, challenge),) = transport.seen
    assert status == 403
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="fixture:break fixture:use"' in challenge


@pytest.mark.parametrize("token", ["", "expired", "other_audience", "inactive"])
def test_client_without_a_good_token_is_sent_to_the_login(
    server: RunningServer, mode: str, token: str
) -> None:
    transport = CheckedTransport()

    async def scenario() -> None:
        async with connecting(
            server.url, mode=mode, token=server.tokens.get(token, ""), transport=transport
        ) as client:
            await client.list_tools()

    with pytest.raises((MCPError, ExceptionGroup)):
        asyncio.run(scenario())

    assert {status for status, _ in transport.seen} == {401}
    assert all("resource_metadata=" in challenge for _, challenge in transport.seen)


def test_unknown_tool_is_an_error_of_the_protocol(server: RunningServer, mode: str) -> None:
    with pytest.raises((MCPError, ExceptionGroup)) as caught:
        call(server, mode, "absent")

    assert "Unknown tool: absent" in _first(caught.value).message


def _first(error: BaseException) -> Any:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
