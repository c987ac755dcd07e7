"""For the tests of a project: call its tools as a client would, without a server."""

from django_mcp.testing.client import MCPClient, ToolResult

__all__ = ["MCPClient", "ToolResult"]
