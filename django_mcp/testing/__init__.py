"""Test client for the tests of a project: calls its tools without a server."""

from django_mcp.testing.client import MCPClient, ToolResult

__all__ = ["MCPClient", "ToolResult"]
