"""Client of the tours: the official SDK's, with assertions about its answers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import MCPError
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, Implementation, TextContent

from example_project.demo import terminal

ERROR_META_KEY = "django-mcp/error"
CLIENT = Implementation(name="example-tour", version="1.0")


class UnexpectedError(Exception):
    """A step did not turn out as the tour expects."""


Watch = Callable[[httpx2.Response], Awaitable[None]]
"""Is shown every answer at HTTP level."""


class Challenges(list[tuple[int, str]]):
    """The refusals at HTTP level that a client met: the status, and the WWW-Authenticate header."""

    async def note(self, response: httpx2.Response) -> None:
        if response.status_code in (401, 403):
            self.append((response.status_code, response.headers.get("www-authenticate", "")))


@asynccontextmanager
async def connect(
    url: str,
    token: str = "",
    *,
    auth: httpx2.Auth | None = None,
    mode: str = "auto",
    watch: Watch | None = None,
) -> AsyncIterator[Client]:
    """The official SDK's client over HTTP, with a bearer token or what sees to one."""
    http = httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {token}"} if token else {},
        auth=auth,
        timeout=30,
        # The server is on this machine: a proxy of the environment would only be in the way.
        trust_env=False,
        event_hooks={"response": [] if watch is None else [watch]},
    )
    async with http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=mode, client_info=CLIENT) as client:
            yield client


async def call(client: Client, tool: str, arguments: dict[str, Any]) -> CallToolResult:
    """Show the call, and make it."""
    terminal.call(tool, json.dumps(arguments))
    return await client.call_tool(tool, arguments)


async def call_without_scope(
    url: str, token: str, tool: str, arguments: dict[str, Any], *, scope: str
) -> None:
    """Make a call that must be refused at HTTP level because the token lacks the scope."""
    challenges = Challenges()
    async with connect(url, token, watch=challenges.note) as client:
        try:
            await client.call_tool(tool, arguments)
        except MCPError as error:
            expect(len(challenges) == 1, "there should be one refusal at HTTP level")
            status, header = challenges[0]
            expect(status == 403, "the status should be 403")
            expect('error="insufficient_scope"' in header, "the challenge should say why")
            expect(scope in header, "the challenge should name the scope")
            terminal.refused(f"HTTP {status}: {error.message}")
            terminal.say(f"WWW-Authenticate: {header}", indent=4)
        else:
            raise UnexpectedError("the call should be refused")


def structured(result: CallToolResult) -> dict[str, Any]:
    """Return the structured content of a call, which must have succeeded."""
    expect(not result.is_error, f"the call should succeed, but: {text(result)}")
    content = result.structured_content
    if not isinstance(content, dict):
        raise UnexpectedError("the result should be structured")
    return content


def tool_error(result: CallToolResult) -> dict[str, Any]:
    """Show and return the error of a call, which must have ended in one."""
    expect(result.is_error, "the call should end in an error")
    error = (result.meta or {}).get(ERROR_META_KEY)
    if not isinstance(error, dict):
        raise UnexpectedError("the error should be described in the result's _meta")
    terminal.refused(error["error"])
    if error["hint"]:
        terminal.say(f"Hint: {error['hint']}", indent=4)
    if error["retryable"]:
        seconds = error["retry_after"]
        unit = "second" if seconds == 1 else "seconds"
        terminal.say(f"Worth trying again after {seconds} {unit}.", indent=4)
    expect(error["hint"] in text(result), "the model should read the hint as well")
    return error


def text(result: CallToolResult) -> str:
    """Return the text of a result, which the model reads."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def expect(is_so: bool, expectation: str) -> None:
    """Raise `UnexpectedError` unless it is so."""
    if not is_so:
        raise UnexpectedError(expectation)
