"""Scopes that clients are told of: all that open a tool of an endpoint, and those of a login."""

from collections.abc import Iterable

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import closures_of
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool


def offered_scopes(endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """The scopes of the tools at any of these that operators have not hidden from every caller.

    The others open nothing, and naming them would tell of tools that are not there. Tokens keep
    them for the day on which they do.
    """
    scopes = (tool.scopes for endpoint in endpoints for tool in _offered_tools(endpoint))
    return frozenset().union(*scopes)


def baseline_scopes(endpoint: Endpoint) -> frozenset[str]:
    """The scopes of the first login: enough to read, where anything can be read, or all of them.

    `DJANGO_MCP_LOGIN_SCOPES` says which. Stepping up later works in few clients, so asking for
    nothing would leave people stranded.
    """
    offered = _offered_tools(endpoint)
    everything = [tool.scopes for tool in offered]
    reading = [tool.scopes for tool in offered if tool.read_only]
    wanted = everything if settings.LOGIN_SCOPES == "all" else reading or everything
    return frozenset().union(*wanted)


def _offered_tools(endpoint: Endpoint) -> list[Tool]:
    snapshot = current_snapshot()
    tools = get_registry().tools.values()
    return [
        tool
        for tool in tools
        if not closures_of(tool, snapshot.policy(tool.group), served=endpoint.groups)
    ]
