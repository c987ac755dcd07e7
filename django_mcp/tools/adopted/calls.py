"""Calls of the tools of an adopted server."""

from dataclasses import dataclass
from typing import Any

from django_mcp.content import Text
from django_mcp.context import ToolContext
from django_mcp.exceptions import ToolError
from django_mcp.schemas.output.output import Rendered
from django_mcp.tools.adopted.connections import closed_connections
from django_mcp.tools.adopted.content import read_blocks
from django_mcp.tools.adopted.requests import request_of, unavailable
from django_mcp.tools.adopted.servers import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedCall:
    """Calls of one tool of a server, by the server's own name for it."""

    server: Server
    name: str

    async def run(self, context: ToolContext, arguments: dict[str, Any]) -> Rendered:
        """Call the tool. Raises as `Server.call` does, and `ToolError` for a result with an error.

        A tool that returns a question for its user fails, too: nobody could answer.
        """
        async with closed_connections():
            result = await self.server.call(self.name, arguments, request_of(context))
        if getattr(result, "input_required", None) is not None or not hasattr(result, "content"):
            raise unavailable("an answer of its user")
        content = tuple(read_blocks(result.content))
        if result.is_error:
            texts = (each.text for each in content if isinstance(each, Text))
            raise ToolError("\n".join(texts) or "The tool has failed.")
        return Rendered(
            content=content,
            structured=result.structured_content,
            meta=dict(result.meta or {}),
        )
