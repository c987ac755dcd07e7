"""What a client should ask for when it does not know yet what its user will want."""

from django_mcp.conf import settings
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.tools.registry import get_registry


def baseline_scopes() -> frozenset[str]:
    """The scopes of the first login: enough to read, where anything can be read, or all of them.

    `DJANGO_MCP_LOGIN_SCOPES` says which. Stepping up later works in few clients, so asking for
    nothing would leave people stranded.
    """
    snapshot = current_snapshot()
    offered = [t for t in get_registry().tools.values() if snapshot.policy(t.group).enabled]
    everything = [tool.scopes for tool in offered]
    reading = [tool.scopes for tool in offered if tool.read_only]
    wanted = everything if settings.LOGIN_SCOPES == "all" else reading or everything
    return frozenset().union(*wanted)
