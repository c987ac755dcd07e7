"""Calls of any kind, made of requests: with notifications, and ended or not as clients leave."""

import asyncio
from typing import Any, TypeVar

from django_mcp.calls.call import Call
from django_mcp.exceptions import EndpointRateLimitedError
from django_mcp.kinds import Kind
from django_mcp.protocol.exchange import Context, exchange_of, is_modern
from django_mcp.protocol.notifications import NotificationChannel
from django_mcp.protocol.targets import Target

T = TypeVar("T")


def call_of(ctx: Context, kind: Kind, *, has_stream: bool = True, **facts: Any) -> Call:
    """Return the call of a request, which reports and logs to a client that asked for it.

    `facts` are what else is known of it, by the names that `Invocation` has for them.
    """
    exchange, params = exchange_of(ctx), ctx.params or {}
    target = exchange.target or Target.of(kind, params)
    assert target is not None  # the SDK has validated the params
    invocation = exchange.invocation(target, params, ctx.protocol_version, **facts)
    channel = NotificationChannel.requested(ctx) if has_stream else None
    return Call(
        invocation=invocation,
        target=exchange.found,
        progress=None if channel is None else channel.progress,
        logs=None if channel is None else channel.logs,
    )


async def served(ctx: Context, call: Call, work: "asyncio.Future[T]") -> T:
    """Return what a call was served with, after all of its notifications were sent.

    `work` is that of a task which the request has begun.

    When the client goes away, a call of a 2026-07-28 client is cancelled, as that revision
    demands; one of a 2025-era client runs on, because those revisions ask not to cancel.
    """
    try:
        return await asyncio.shield(work)
    except EndpointRateLimitedError as error:
        exchange_of(ctx).refusals.append(error)
        raise
    except asyncio.CancelledError:
        call.cancellation.client_left(is_request=is_modern(ctx))
        if is_modern(ctx):
            work.cancel()
        work.add_done_callback(_retrieve)
        raise
    finally:
        sink = call.progress if call.logs is None else call.logs.sink
        if isinstance(sink, NotificationChannel):
            await _deliver(sink, work)


def _retrieve(work: "asyncio.Future[Any]") -> None:
    """Retrieve the end of a call that nobody waits for, so that asyncio does not log it again."""
    if not work.cancelled():
        work.exception()


async def _deliver(channel: NotificationChannel, work: "asyncio.Future[Any]") -> None:
    """Flush pending notifications before the result is sent, unless the client has gone."""
    try:
        if work.done():
            await channel.drain()
    finally:
        channel.close()
