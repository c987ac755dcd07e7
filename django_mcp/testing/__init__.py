"""Test client for the tests of a project: calls, reads and completes without a server."""

from django_mcp.completions.completion import Completion
from django_mcp.testing.client import MCPClient
from django_mcp.testing.results import PromptResult, ReadResult, ToolResult

__all__ = ["Completion", "MCPClient", "PromptResult", "ReadResult", "ToolResult"]
