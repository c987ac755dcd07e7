"""The official SDK's client, with every message that it receives held to the schema."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.client import Client
from mcp.client.extension import ClientExtension
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, PromptReference

from tests.spec import LEGACY
from tests.wire import JSON, PATIENCE, messages_in

MODES = ("auto", "legacy", "2026-07-28")


class CheckedStream(httpx2.AsyncByteStream):
    """Passes a response on; when it ends, checks the messages that were in it."""

    def __init__(self, stream: httpx2.AsyncByteStream, *, kind: str, era: str, method: str) -> None:
        self._stream = stream
        self._kind = kind
        self._era = era
        self._method = method

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = b""
        async for chunk in self._stream:
            read += chunk
            yield chunk
        if read:
            messages_in(read, self._kind, era=self._era, method=self._method)

    async def aclose(self) -> None:
        await self._stream.aclose()


class CheckedTransport(httpx2.AsyncHTTPTransport):
    """HTTP without a proxy; `seen` has the status and the challenge of every refusal."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self.seen: list[tuple[int, str]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.status_code in (401, 403):
            self.seen.append((response.status_code, response.headers.get("www-authenticate", "")))
        kind = response.headers.get("content-type", "")
        # What a client says to an authorization server is none of the protocol.
        is_message = "text/event-stream" in request.headers.get("accept", "")
        if is_message and request.method == "POST" and kind in (JSON, "text/event-stream"):
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = CheckedStream(
                response.stream,
                kind=kind,
                era=request.headers.get("mcp-protocol-version", LEGACY),
                method=json.loads(request.content).get("method", ""),
            )
        return response


@asynccontextmanager
async def connecting(
    url: str,
    *,
    mode: str,
    token: str = "",
    auth: httpx2.Auth | None = None,
    transport: CheckedTransport | None = None,
    extensions: Sequence[ClientExtension] = (),
    **options: Any,
) -> AsyncIterator[Client]:
    """A client of the SDK over HTTP, with a bearer token or what sees to tokens, if any.

    `options` are others of the SDK's.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    http = httpx2.AsyncClient(
        headers=headers, auth=auth, timeout=PATIENCE, transport=transport or CheckedTransport()
    )
    async with (
        http,
        Client(
            streamable_http_client(url, http_client=http),
            mode=mode,
            extensions=extensions,
            **options,
        ) as client,
    ):
        yield client


async def watched_call(
    client: Client, name: str, arguments: dict[str, Any]
) -> tuple[CallToolResult, list[float]]:
    """The result of a call, and the progress that came before it."""
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    return await client.call_tool(name, arguments, progress_callback=note), seen


async def check_fixtures(url: str, *, mode: str) -> None:
    """Use a tool, a resource and a prompt of the conformance project, and watch a tool run."""
    reference = PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
    async with connecting(url, mode=mode) as client:
        assert (await client.list_tools()).tools
        assert (await client.list_resources()).resources
        echoed = await client.call_tool("echo", {"text": "abc"})
        read = await client.read_resource("doc://readme.txt")
        got = await client.get_prompt("test_simple_prompt")
        completed = await client.complete(reference, {"name": "arg1", "value": "paris"})
        waited, seen = await watched_call(client, "slow", {"seconds": 0.3})
    assert echoed.structured_content == {"result": "3 0 abc"}
    assert [each.uri for each in read.contents] == ["doc://readme.txt"]
    assert [each.role for each in got.messages] == ["user"]
    assert completed.completion.values == ["paris"]
    assert waited.is_error is False
    assert seen[-1] == 0.3
