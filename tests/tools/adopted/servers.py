"""The same tools on a server of each kind, and what the server's own clients receive of them."""

import base64
import json
from collections.abc import Callable
from typing import Annotated, Any

import fastmcp
import mcp.client
from fastmcp import exceptions as fastmcp_exceptions
from mcp.server import mcpserver
from mcp.server.mcpserver import exceptions as sdk_exceptions
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    Icon,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)
from pydantic import AfterValidator, BaseModel

SECRET = "the-password-is-1234"
PIXEL = base64.b64encode(b"\x89PNG").decode()

KINDS = ("sdk", "fastmcp")


class Address(BaseModel):
    street: str
    zip: str | None = None


def _even(number: int) -> int:
    if number % 2:
        raise ValueError("must be even")
    return number


def new_server(kind: str, **options: Any) -> Any:
    """A server of this kind without tools."""
    cls: Any = mcpserver.MCPServer if kind == "sdk" else fastmcp.FastMCP
    return cls("demo", **options)


def add(a: int, b: Annotated[int, "One more"] = 1) -> int:
    """Add two numbers."""
    return a + b


async def move(addresses: list[Address], to: Address | None = None) -> Address:
    """Move to an address."""
    return to or addresses[0]


def words(count: int) -> list[str]:
    """List words."""
    return ["word"] * count


async def media() -> list[Any]:
    """Show media."""
    return [
        TextContent(type="text", text="words"),
        ImageContent(type="image", data=PIXEL, mime_type="image/png"),
        AudioContent(type="audio", data=PIXEL, mime_type="audio/wav"),
    ]


def documents() -> list[Any]:
    """Show documents."""
    return [
        EmbeddedResource(
            type="resource",
            resource=TextResourceContents(uri="doc://1", text="", mime_type="text/plain"),
        ),
        EmbeddedResource(type="resource", resource=BlobResourceContents(uri="doc://2", blob=PIXEL)),
        ResourceLink(
            type="resource_link",
            uri="https://example.com/a%20b",
            name="a",
            title="A",
            description="The letter",
            mime_type="text/html",
            size=7,
        ),
    ]


def nothing() -> None:
    """Return nothing."""


async def answer_with_error() -> CallToolResult:
    """Return a result that is an error."""
    return CallToolResult(content=[TextContent(type="text", text="no luck")], is_error=True)


def halve(number: Annotated[int, AfterValidator(_even)]) -> int:
    """Halve an even number."""
    return number // 2


async def pass_on(data: str, place: str) -> CallToolResult:
    """Return data, in JSON as Python takes it, as structured content or `meta`."""
    return CallToolResult(content=[], **{place: json.loads(data)})


def crash() -> str:
    """Crash."""
    raise RuntimeError(SECRET)


def make_server(kind: str) -> Any:
    """A server of this kind with tools of every sort."""
    server = new_server(kind)
    errors: Any = sdk_exceptions if kind == "sdk" else fastmcp_exceptions

    server.tool(
        title="Add two numbers",
        annotations=ToolAnnotations(
            title="Adding", read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
        icons=[
            Icon(src="https://example.com/add.svg", mime_type="image/svg+xml", theme="dark"),
            Icon(src="https://example.com/add.png", sizes=["48x48", "96x96"]),
        ],
    )(add)
    server.tool(annotations=ToolAnnotations(destructive_hint=True))(move)
    server.tool()(words)
    server.tool()(media)
    server.tool()(documents)
    server.tool()(nothing)

    def refuse(words: str) -> str:
        """Refuse in words."""
        raise errors.ToolError(words)

    server.tool()(refuse)
    server.tool()(answer_with_error)
    server.tool()(halve)
    server.tool()(crash)
    server.tool()(pass_on)
    return server


def context_class(kind: str) -> Any:
    return mcpserver.Context if kind == "sdk" else fastmcp.Context


def own_client(server: Any) -> Any:
    """A client of the server's own package, which speaks to it in this process."""
    is_fastmcp = isinstance(server, fastmcp.FastMCP)
    return fastmcp.Client(server) if is_fastmcp else mcp.client.Client(server)


async def own_tools(server: Any) -> dict[str, dict[str, Any]]:
    """The definitions that the server sends its clients, by name."""
    async with own_client(server) as client:
        listed: Any = await client.list_tools()
    tools = getattr(listed, "tools", listed)
    return {each.name: _json(each) for each in tools}


async def own_result(server: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result that the server sends its clients."""
    async with own_client(server) as client:
        call: Callable[..., Any] = getattr(client, "call_tool_mcp", client.call_tool)
        return _json(await call(name, arguments))


def _json(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(by_alias=True, exclude_none=True, mode="json")
    return dumped
