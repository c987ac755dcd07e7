"""Lists as clients receive them: every page of the handlers, one after the other."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from mcp_types import PaginatedRequestParams, PaginatedResult
from mcp_types.version import LATEST_MODERN_VERSION
from starlette.requests import Request

from django_mcp.peers import Peer
from django_mcp.principals import Principal
from django_mcp.protocol.exchange import SCOPE_KEY, Context, Exchange
from django_mcp.testing.inline import inline

R = TypeVar("R", bound=PaginatedResult)


async def pages(
    method: str,
    handler: Callable[[Context, PaginatedRequestParams], Awaitable[R]],
    principal: Principal,
) -> list[R]:
    """Return the results of a handler for every page of its list."""
    found: list[R] = []
    cursor = None
    with inline():
        while True:
            params = PaginatedRequestParams(cursor=cursor)
            found.append(await handler(_context(method, principal), params))
            cursor = found[-1].next_cursor
            if cursor is None:
                return found


def _context(method: str, principal: Principal) -> Context:
    """Return a context for a handler that sends nothing before its result."""
    exchange = Exchange(principal=principal, peer=Peer(), may_stream=False, takes_streams=False)
    nothing: Any = None
    return Context(
        session=nothing,
        lifespan_context={},
        protocol_version=LATEST_MODERN_VERSION,
        method=method,
        request=Request({"type": "http", SCOPE_KEY: exchange}),
    )
