"""Background tools that wait, report, fail and write, each in the sync and the async way."""

import asyncio
import sys
from datetime import timedelta
from typing import Annotated

from django.contrib.auth.models import Group, User
from django.db import transaction

from django_mcp import Image, Redacted, Retry, Text, ToolContext, ToolError, tool
from django_mcp.content import Content
from django_mcp.models import ToolTask
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch
from tests.polls import until

SECRET = "the-password-is-1234"

latch = Latch()


class FlakyError(Exception):
    """What a retry is for."""


class RevokedError(ToolError):
    """What a project calls like something of the package's."""


def is_trusted(user: User) -> bool:
    """What some tools require."""
    return user.groups.filter(name="trusted").exists()


with collecting() as TOOLS:

    @tool(background=True)
    def add(a: int, b: int = 0) -> int:
        """Add two numbers."""
        return a + b

    @tool(background=True)
    async def aadd(a: int, b: int = 0) -> int:
        """Add two numbers, on a loop."""
        return a + b

    @tool
    def quick() -> str:
        """Answer within the request."""
        return "quick"

    @tool(background=True, requires=is_trusted, read_only=True)
    def trusted() -> str:
        """Require something of the caller."""
        return "trusted"

    @tool(background=True, requires=is_trusted, read_only=True)
    async def atrusted() -> str:
        """Require something of the caller, on a loop."""
        return "trusted"

    # Waiting and reporting.

    @tool(background=True, read_only=True)
    def count(to: int, context: ToolContext) -> int:
        """Report every step, and wait at the latch before the last."""
        for step in range(1, to + 1):
            if step == to:
                latch.wait("count")
            context.report_progress(step, to, f"step {step}")
        return to

    @tool(background=True, read_only=True)
    async def acount(to: int, context: ToolContext) -> int:
        """Report every step, and wait at the latch before the last, on a loop."""
        for step in range(1, to + 1):
            if step == to:
                await latch.pause("acount")
            await context.areport_progress(step, to, f"step {step}")
        return to

    @tool(background=True, atomic=False)
    def climb(to: int, context: ToolContext) -> int:
        """Report every step, and wait until it stands in the row."""
        for step in range(1, to + 1):
            context.report_progress(step, to)
            until(lambda: ToolTask.objects.get().progress == step)  # noqa: B023
        return to

    @tool(background=True, atomic=False)
    def watch(context: ToolContext) -> str:
        """Wait until the call is cancelled."""
        latch.note("watch")
        while not context.is_cancelled:
            latch.nap()
        latch.note("told")
        return "stopped"

    @tool(background=True, atomic=False, idempotent=True, retry=Retry())
    def watch_and_raise(context: ToolContext) -> str:
        """Wait until the call is cancelled, and raise."""
        latch.note("watch_and_raise")
        while not context.is_cancelled:
            latch.nap()
        raise ToolError("stopped", retryable=True)

    @tool(background=True)
    async def awatch() -> str:
        """Wait until the call is cancelled, on a loop."""
        latch.note("awatch")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            latch.note("told")
            raise
        return "never"

    @tool(background=True, atomic=False)
    def hold(name: str = "") -> str:
        """Wait at the latch without a look at anything else."""
        latch.wait("hold")
        return name

    @tool(background=True, atomic=False, on_disconnect="continue")
    def hold_on() -> str:
        """Wait at the latch, whether anybody waits for the result or not."""
        latch.wait("hold_on")
        return "over"

    @tool(background=True, atomic=False, timeout=0.3)
    def hold_briefly() -> str:
        """Wait at the latch for longer than is allowed."""
        latch.wait("hold_briefly")
        latch.note("over")
        return "too late"

    @tool(background=True, timeout=0.3)
    async def awatch_briefly() -> str:
        """Wait for longer than is allowed, on a loop, and stop when told so."""
        await asyncio.sleep(60)
        return "too late"

    # Results.

    @tool(background=True)
    def draw() -> list[Content]:
        """Return content of two kinds."""
        return [Text(text="a\x00b ü"), Image(data=b"\x89PNG", mime_type="image/png")]

    @tool(background=True)
    def repeat_text(text: str, times: int) -> str:
        """Return a long text."""
        return text * times

    @tool(background=True)
    def name_group(name: str) -> str:
        """Add a group and return its name."""
        return Group.objects.create(name=name).name

    @tool(background=True, page_size=2)
    def list_groups(prefix: str = "") -> list[str]:
        """List groups."""
        groups = Group.objects.filter(name__startswith=prefix).order_by("name")
        return groups.values_list("name", flat=True)  # type: ignore[return-value]

    # Failing.

    @tool(background=True)
    def refuse() -> str:
        """Write, then refuse."""
        Group.objects.create(name="refused")
        raise ToolError("closed today", retryable=True, hint="Come tomorrow.", retry_after=60)

    @tool(background=True)
    def refuse_in_own_words() -> str:
        """Refuse by an error of the project's own."""
        raise RevokedError("Your parking permit was withdrawn.")

    @tool(background=True)
    def boom() -> str:
        """Write, then fail."""
        Group.objects.create(name="failed")
        raise RuntimeError(SECRET)

    @tool(background=True)
    async def aboom() -> str:
        """Fail on a loop."""
        raise RuntimeError(SECRET)

    @tool(background=True)
    def write_and_exit(name: str) -> str:
        """Write, and end the process when that counts."""
        Group.objects.create(name=name)
        transaction.on_commit(sys.exit)
        return name

    # Running again.

    @tool(
        background=True,
        idempotent=True,
        retry=Retry(times=2, backoff=0, on=(FlakyError, ToolError)),
    )
    def flaky(failures: int, kind: str) -> str:
        """Write, and fail so many times before it works."""
        latch.note("run")
        Group.objects.create(name="flaky")
        if ToolTask.objects.get().attempts > failures:
            return "at last"
        if kind == "flaky":
            raise FlakyError
        if kind == "retryable":
            raise ToolError("busy", retryable=True)
        if kind == "final":
            raise ToolError("no")
        raise RuntimeError(SECRET)

    @tool(background=True, idempotent=True, retry=Retry(backoff=3600, jitter=False))
    def try_hourly() -> str:
        """Fail the first time."""
        if ToolTask.objects.get().attempts == 1:
            raise FlakyError
        return "at last"

    @tool(background=True)
    def write(name: str) -> str:
        """Write to the database."""
        Group.objects.create(name=name)
        return name

    @tool(background=True, idempotent=True)
    def rewrite(name: str) -> str:
        """Write to the database, as often as one likes."""
        Group.objects.get_or_create(name=name)
        return name

    # Who may.

    @tool(background=True, group="notes", scopes=["notes:read"], read_only=True)
    def read_notes(owner: User) -> str:
        """Read the caller's notes."""
        return owner.get_username()

    @tool(background=True, read_only=True, keep_result=timedelta(minutes=5))
    def login(name: str, password: str, pin: Annotated[str, Redacted] = "") -> str:
        """Take secrets."""
        return f"{name} {password} {pin}"
