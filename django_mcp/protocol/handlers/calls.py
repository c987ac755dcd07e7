"""Calls of any kind, made of requests: with progress, and ended or not when the client leaves."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from django_mcp.calls.call import Call
from django_mcp.kinds import Kind
from django_mcp.protocol.exchange import Context, exchange_of, is_modern
from django_mcp.protocol.progress import ProgressChannel
from django_mcp.protocol.targets import Target
from django_mcp.threads.executors import run_detached

T = TypeVar("T")


def call_of(ctx: Context, kind: Kind, *, has_stream: bool = True, **facts: Any) -> Call:
    """Return the call of a request, which reports progress if the client asked for it.

    `facts` are what else is known of it, by the names that `Invocation` has for them.
    """
    exchange, params = exchange_of(ctx), ctx.params or {}
    target = exchange.target or Target.of(kind, params)
    assert target is not None  # the SDK has validated the params
    invocation = exchange.invocation(target, params, ctx.protocol_version, **facts)
    channel = ProgressChannel(ctx.session) if has_stream and _wants_progress(ctx) else None
    return Call(invocation=invocation, target=exchange.found, progress=channel)


async def served(ctx: Context, call: Call, serving: Coroutine[Any, Any, T]) -> T:
    """Return what a call was served with, after all of its progress was sent.

    When the client goes away, a call of a 2026-07-28 client is cancelled, as that revision
    demands; one of a 2025-era client runs on, because those revisions ask not to cancel.
    """
    work = run_detached(serving)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        call.cancellation.client_left(is_request=is_modern(ctx))
        if is_modern(ctx):
            work.cancel()
        work.add_done_callback(_retrieve)
        raise
    finally:
        if isinstance(call.progress, ProgressChannel):
            await _deliver(call.progress, work)


def _retrieve(work: "asyncio.Task[Any]") -> None:
    """Retrieve the end of a call that nobody waits for, so that asyncio does not log it again."""
    if not work.cancelled():
        work.exception()


async def _deliver(channel: ProgressChannel, work: "asyncio.Task[Any]") -> None:
    """Flush pending progress before the result is sent, unless the client has gone."""
    try:
        if work.done():
            await channel.drain()
    finally:
        channel.close()


def _wants_progress(ctx: Context) -> bool:
    meta = (ctx.params or {}).get("_meta")
    return isinstance(meta, Mapping) and meta.get("progressToken") is not None
