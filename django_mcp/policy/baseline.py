"""What a client should ask for when it does not know yet what its user will want."""

from django_mcp.policy.snapshot import current_snapshot
from django_mcp.tools.registry import get_registry


def baseline_scopes() -> frozenset[str]:
    """The scopes of the first login: enough to read, where anything can be read.

    Stepping up later works in few clients, so asking for nothing would leave people stranded.
    """
    snapshot = current_snapshot()
    offered = [t for t in get_registry().tools.values() if snapshot.policy(t.group).enabled]
    scopes = [tool.scopes for tool in offered if tool.read_only] or [t.scopes for t in offered]
    return frozenset().union(*scopes)
