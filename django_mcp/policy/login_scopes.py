"""Scopes of an endpoint: all that it offers, and those that the first login asks for."""

from collections.abc import Iterable

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.kinds import Kind
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import closures_of
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import get_registry


def offered_scopes(endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """Return the scopes of the primitives that some caller of these endpoints can see.

    The others open nothing, and naming them would tell of what is not there. Tokens keep
    them for the day on which they do.
    """
    scopes = (each.scopes for endpoint in endpoints for each in _offered(endpoint))
    return frozenset().union(*scopes)


def login_scopes(endpoint: Endpoint) -> frozenset[str]:
    """Return the scopes of the first login: those of read-only primitives, or all of them.

    `DJANGO_MCP_LOGIN_SCOPES` says which. Stepping up later works in few clients, so asking for
    nothing would leave people stranded.
    """
    offered = _offered(endpoint)
    everything = [each.scopes for each in offered]
    # A resource or prompt without scopes is no reason to leave out those of tools.
    reading = [
        each.scopes
        for each in offered
        if each.read_only and (each.scopes or each.kind is Kind.TOOL)
    ]
    wanted = everything if settings.LOGIN_SCOPES == "all" else reading or everything
    return frozenset().union(*wanted)


def _offered(endpoint: Endpoint) -> list[Primitive]:
    snapshot = current_snapshot()
    return [
        each
        for each in get_registry().primitives.values()
        if not closures_of(each, snapshot.policy(each.group), served=endpoint.groups)
    ]
