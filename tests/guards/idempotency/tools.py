"""Tools that write, in every way of running, and note each of their runs."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction

from django_mcp import ToolContext, ToolError, tool
from django_mcp.models import IdempotencyKey
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch

latch = Latch()

runs: list[str] = []
"""The keys under which functions were run, those too whose work was undone."""


def write(to: str, how: str, context: ToolContext) -> dict[str, Any]:
    """Write a row, and then end in the way that is asked for."""
    runs.append(context.idempotency_key)
    Group.objects.create(name=f"{to} {len(runs)}")
    match how:
        case "refused":
            raise ToolError("There is no such account.", hint="Look it up.")
        case "invalid":
            raise ValidationError("It must be an account of ours.")
        case "refused for now":
            raise ToolError("The bank is closed.", retryable=True)
        case "failed":
            raise RuntimeError("the bank has burnt down")
        case "hook failed":
            transaction.on_commit(lambda: 1 / 0)
        case "key lost":
            IdempotencyKey.objects.all().delete()
        case "held":
            latch.wait(to)
        case "held then closed":
            latch.wait(to)
            raise ToolError("The bank is closed.", retryable=True)
    return {"to": to, "run": len(runs)}


async def awrite(to: str, how: str, context: ToolContext) -> dict[str, Any]:
    """As `write`, on the loop."""
    if how.startswith("held"):
        await latch.pause(to)
    return await sync_to_async(write)(to, how, context)


with collecting() as TOOLS:

    @tool(idempotency_key="reference")
    def pay(
        to: str, context: ToolContext, how: str = "", reference: str | None = None
    ) -> dict[str, Any]:
        """Pay in a transaction."""
        return write(to, how, context)

    @tool(idempotency_key="reference")
    async def apay(
        to: str, context: ToolContext, how: str = "", reference: str | None = None
    ) -> dict[str, Any]:
        """Pay on the event loop."""
        return await awrite(to, how, context)

    @tool(atomic=False, idempotency_key="reference")
    def post(
        to: str, context: ToolContext, how: str = "", reference: str | None = None
    ) -> dict[str, Any]:
        """Pay without a transaction."""
        return write(to, how, context)

    @tool(idempotent=True)
    async def aset(to: str, context: ToolContext, how: str = "") -> dict[str, Any]:
        """Pay what is still owed, on the event loop."""
        return await awrite(to, how, context)

    @tool(read_only=True)
    def look(context: ToolContext) -> str:
        """Read something."""
        runs.append(context.idempotency_key)
        return f"run {len(runs)}"

    @tool(background=True)
    def transfer(to: str, context: ToolContext, how: str = "") -> dict[str, Any]:
        """Pay later, in a transaction."""
        return write(to, how, context)

    @tool(background=True, idempotency_key="reference")
    def remit(to: str, reference: str, context: ToolContext) -> dict[str, Any]:
        """Pay later, under a key among the arguments."""
        return write(to, "", context)

    @tool(background=True)
    async def atransfer(to: str, context: ToolContext, how: str = "") -> dict[str, Any]:
        """Pay later, on a loop."""
        return await awrite(to, how, context)
