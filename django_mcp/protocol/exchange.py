"""Exchange: one request of an authenticated caller, carried from its transport to the handlers."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types import CLIENT_INFO_META_KEY
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from django_mcp.exceptions import EndpointRateLimitedError
from django_mcp.invocation import Invocation
from django_mcp.meta_keys import IDEMPOTENCY_KEY_META_KEY
from django_mcp.peers import Peer
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.protocol.targets import Target
from django_mcp.trace_context import valid_traceparent

Context = ServerRequestContext[Any, Any]
"""Context that the SDK passes to a handler."""

SCOPE_KEY = "django_mcp"
"""Key of the ASGI scope under which the exchange reaches the handlers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Request of an authenticated caller.

    `target` is what it calls, reads or gets, and `found` the primitive that its caller sees there.
    `may_stream` says whether messages may come before its answer, and `takes_streams` whether the
    server can send streams at all. Handlers add to `refusals` what HTTP is to answer by a status of
    its own, if no stream has begun.
    """

    principal: Principal
    peer: Peer
    target: Target | None = None
    found: Primitive | None = None
    may_stream: bool
    takes_streams: bool = True
    refusals: list[EndpointRateLimitedError] = field(default_factory=list, compare=False)

    def invocation(
        self, target: Target, params: Mapping[str, Any], protocol_version: str, **facts: Any
    ) -> Invocation:
        """Return the invocation of a target that the params of a well-formed request describe.

        `facts` are what else is known of it, by the names that `Invocation` has for them.
        """
        meta = params.get("_meta")
        meta = meta if isinstance(meta, Mapping) else {}
        peer = self.peer
        return Invocation(
            kind=target.kind,
            name=target.name,
            arguments=target.arguments,
            uri=target.uri,
            principal=self.principal,
            client_info=_client_info(meta) or peer.user_agent,
            address=peer.address,
            protocol_version=protocol_version,
            traceparent=valid_traceparent(meta.get("traceparent"))
            or valid_traceparent(peer.headers.get("traceparent")),
            idempotency_key=meta.get(IDEMPOTENCY_KEY_META_KEY),
            **facts,
        )


def exchange_of(ctx: Context) -> Exchange:
    """Return the exchange whose message a handler is serving."""
    assert ctx.request is not None  # every request of ours came over HTTP
    exchange: Exchange = ctx.request.scope[SCOPE_KEY]
    return exchange


def is_modern(ctx: Context) -> bool:
    """Return whether a message is of the 2026-07-28 revision, or a later one."""
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS


current_exchange: ContextVar[Exchange] = ContextVar("django_mcp_exchange")
"""Exchange whose request is being parsed: for the one SDK hook that is given no context."""


def _client_info(meta: Mapping[str, Any]) -> str:
    info = meta.get(CLIENT_INFO_META_KEY)
    if not isinstance(info, Mapping):
        return ""
    words = (info.get(key) for key in ("name", "version"))
    return "/".join(word for word in words if word and isinstance(word, str))
