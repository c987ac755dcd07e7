"""Functions that wait at a latch for longer than they may."""

import asyncio
from typing import TypedDict

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from django_mcp import (
    EmbeddedResource,
    ToolContext,
    prompt,
    resource,
    resource_for,
    tool,
)
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch
from tests.polls import until

TIMEOUT = 0.8
"""Seconds that these functions may take: enough to be called on a loaded machine."""

latch = Latch()


class Filled(TypedDict):
    extra: str


def overrunning_preparation(name: str) -> Filled:
    """Take longer than a request may, before there is a task."""
    latch.wait("prepares")
    Group.objects.create(name="prepared")
    return {"extra": name}


def slow_groups() -> "QuerySet[Group]":
    latch.wait("groups")
    return Group.objects.all()


with collecting() as TOOLS:

    @tool(read_only=True, timeout=TIMEOUT)
    def read(context: ToolContext) -> str:
        """Only read."""
        latch.wait("read")
        latch.note(f"cancelled: {context.is_cancelled}, {context.time_left}")
        return "read"

    @tool(timeout=TIMEOUT)
    def write() -> str:
        """Write in a transaction, too late."""
        latch.wait("write")
        Group.objects.create(name="written")
        return "written"

    @tool(timeout=TIMEOUT)
    def write_first() -> str:
        """Write in a transaction, in time, and hold it."""
        Group.objects.create(name="written")
        latch.wait("write")
        return "written"

    @tool(timeout=TIMEOUT)
    def write_and_fail() -> str:
        """Write in a transaction, and fail in the end."""
        latch.wait("write")
        Group.objects.create(name="written")
        raise ValueError("too late to be told")

    @tool(timeout=TIMEOUT, atomic=False)
    def write_outside() -> str:
        """Write without a transaction."""
        latch.wait("write")
        Group.objects.create(name="written")
        return "written"

    @tool(timeout=TIMEOUT, idempotent=True)
    def write_again() -> str:
        """Write what may be written twice."""
        latch.wait("write")
        return "written"

    @tool(timeout=TIMEOUT, read_only=True)
    async def aread() -> str:
        """Only read, on the loop."""
        try:
            await latch.pause("aread")
        except asyncio.CancelledError:
            latch.note("aread cancelled")
            raise
        return "read"

    @tool(timeout=TIMEOUT)
    async def astubborn(context: ToolContext) -> str:
        """Swallow a cancellation, and go on."""
        try:
            await latch.pause("astubborn")
        except asyncio.CancelledError:
            await latch.pause(f"goes on, cancelled: {context.is_cancelled}")
        latch.note("done")
        return "done"

    @tool(read_only=True)
    def time_left(context: ToolContext) -> float:
        """Say how much time is left."""
        return context.time_left

    @tool(read_only=True, background=True, timeout=1000)
    def time_left_later(context: ToolContext) -> float:
        """Say how much time is left, in a worker."""
        return context.time_left

    @tool(read_only=True, timeout=TIMEOUT)
    def wait_for_the_end(context: ToolContext) -> str:
        """Go on until the call is given up."""
        until(lambda: context.is_cancelled)
        return "too late"

    @tool(read_only=True, timeout=TIMEOUT)
    def embed() -> EmbeddedResource:
        """Embed a resource that takes too long."""
        return EmbeddedResource(uri="slow://other")

    @tool(background=True, prepare=overrunning_preparation)
    def later(name: str, extra: str) -> str:
        """Run in the background."""
        return name + extra

    @resource("slow://thing", timeout=TIMEOUT)
    def thing() -> str:
        """Read slowly."""
        latch.wait("thing")
        return "thing"

    @resource("slow://other")
    def other() -> str:
        """Read slowly, without a timeout of its own."""
        latch.wait("other")
        return "other"

    @prompt(timeout=TIMEOUT)
    async def asking() -> str:
        """Ask slowly."""
        await latch.pause("asking")
        return "asked"

    def slow_words(value: str) -> list[str]:
        latch.wait("words")
        return ["word"]

    async def slow_names(value: str) -> list[str]:
        await latch.pause("names")
        return ["name"]

    @prompt(timeout=TIMEOUT, complete={"word": slow_words, "name": slow_names})
    def talking(word: str, name: str) -> str:
        """Talk of a word."""
        return word

    resource_for(
        model=Group,
        uri="group://{pk}",
        name="group",
        description="A group.",
        queryset=slow_groups,
        fields=["name"],
        listed=True,
    )
