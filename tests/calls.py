"""Calls as the protocol layer makes them: on the package's own threads and connections."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections

from django_mcp import Principal, dispatch, tool
from django_mcp.calls.call import Call
from django_mcp.catalog import find
from django_mcp.endpoints import get_endpoints
from django_mcp.invocation import Invocation
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import Declaration, collecting
from django_mcp.primitives.registry import Registry, build, using_registry
from django_mcp.schemas.output.output import Rendered
from django_mcp.testing.inline import inline
from django_mcp.tools.tool import Tool
from tests.wire import PATIENCE as PATIENCE


@contextmanager
def offering(*functions: Callable[..., Any], **options: Any) -> Iterator[Registry]:
    """Serve these functions, all tagged with these options, instead of the project's tools."""
    with collecting() as declared:
        for function in functions:
            tool(**options)(function)
        with serving_declared(declared) as registry:
            yield registry


@contextmanager
def serving_declared(declared: Iterable[Declaration]) -> Iterator[Registry]:
    """Serve these tools instead of the project's."""
    forget_snapshot()
    with using_registry(build(declared)) as registry:
        yield registry
    forget_snapshot()


def caller(
    user: AbstractBaseUser | None = None,
    *,
    scopes: Iterable[str] = ("shop:read", "shop:write"),
    **facts: Any,
) -> Principal:
    """A principal at the project's endpoint, by default with every scope of the shop."""
    return Principal(endpoint=get_endpoints().default, user=user, scopes=frozenset(scopes), **facts)


def call_of(
    name: str, /, *, principal: Principal | None = None, arguments: Any = None, **facts: Any
) -> Call:
    """A call that has just arrived, whose tool was not looked up yet."""
    invocation = Invocation(
        name=name, arguments=arguments or {}, principal=principal or caller(), **facts
    )
    return Call(invocation=invocation, target=None)


def bound(tool: Tool, call: Call) -> dict[str, Any]:
    """The arguments of a call, as a tool's function is given them."""
    return tool.bind(call.invocation, call.context)


def in_thread(work: Callable[[], Any]) -> Any:
    """What `work` returns on a thread, and on connections, of its own."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(run).result(PATIENCE)


async def serve_call(call: Call) -> Rendered:
    """Look up the tool as its caller sees it, and serve one call."""
    call.target = await find(Tool, call.invocation.name, call.principal)
    return await dispatch.serve(call)


@async_to_sync
async def serve_here(call: Call) -> Rendered:
    """Serve one call on the test's own thread, within its transaction."""
    with inline():
        return await serve_call(call)


def serve(call: Call) -> Rendered:
    """Serve one call on the package's threads, from an event loop of its own."""

    async def within_patience() -> Rendered:
        async with asyncio.timeout(PATIENCE):
            return await serve_call(call)

    return asyncio.run(within_patience())
