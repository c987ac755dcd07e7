"""Caching hints of results (`ttlMs` and `cacheScope`), for clients of 2026-07-28."""

from collections.abc import Mapping

from mcp.server.context import CallNext, HandlerResult
from mcp_types.methods import CACHEABLE_METHODS

from django_mcp.catalog import reads_alike, varies_by_caller
from django_mcp.conf import settings
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import get_registry
from django_mcp.prompts.prompt import Prompt
from django_mcp.protocol.exchange import Context, exchange_of, is_modern
from django_mcp.resources.resource import Resource
from django_mcp.threads.executors import run_in_control
from django_mcp.tools.tool import Tool

READ = "resources/read"

LISTED: Mapping[str, type[Primitive]] = {
    "tools/list": Tool,
    "prompts/list": Prompt,
    "resources/list": Resource,
    "resources/templates/list": Resource,
}
"""Classes of what the lists hold, by their method."""


async def add_cache_hints(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Middleware of the SDK's server: put the hints of the settings into every cacheable result.

    The 2025 revisions have none. What depends on answers of the user must not be cached.
    """
    result = await call_next(ctx)
    if ctx.method not in CACHEABLE_METHODS or not is_modern(ctx) or not isinstance(result, dict):
        return result
    params = ctx.params or {}
    if result.get("resultType") != "complete" or {"inputResponses", "requestState"} & params.keys():
        return result
    seconds = settings.READ_TTL if ctx.method == READ else settings.LIST_TTL
    return {**result, "ttlMs": seconds * 1000, "cacheScope": await _scope(ctx)}


async def _scope(ctx: Context) -> str:
    if settings.CACHE_SCOPE != "public":
        return "private"
    return "public" if await run_in_control(_is_public, ctx) else "private"


def _is_public(ctx: Context) -> bool:
    """Return whether a result is the same for every caller."""
    if ctx.method == READ:
        found = exchange_of(ctx).found
        return found is not None and reads_alike(found)
    if ctx.method == "resources/list" and any(
        resource.lists_by_caller for resource in get_registry().of(Resource).values()
    ):
        return False
    listed = LISTED.get(ctx.method)  # None: what the server says of itself
    return listed is None or not varies_by_caller(listed)
