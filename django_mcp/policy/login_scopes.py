"""Scopes that clients are told of: all that open a tool, and those of the first login."""

from django_mcp.conf import settings
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import closures_of
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool


def offered_scopes() -> frozenset[str]:
    """The scopes of the tools that operators have not hidden from every caller.

    The others open nothing, and naming them would tell of tools that are not there. Tokens keep
    them for the day on which they do.
    """
    return frozenset().union(*(tool.scopes for tool in _offered_tools()))


def baseline_scopes() -> frozenset[str]:
    """The scopes of the first login: enough to read, where anything can be read, or all of them.

    `DJANGO_MCP_LOGIN_SCOPES` says which. Stepping up later works in few clients, so asking for
    nothing would leave people stranded.
    """
    offered = _offered_tools()
    everything = [tool.scopes for tool in offered]
    reading = [tool.scopes for tool in offered if tool.read_only]
    wanted = everything if settings.LOGIN_SCOPES == "all" else reading or everything
    return frozenset().union(*wanted)


def _offered_tools() -> list[Tool]:
    snapshot = current_snapshot()
    tools = get_registry().tools.values()
    return [tool for tool in tools if not closures_of(tool, snapshot.policy(tool.group))]
