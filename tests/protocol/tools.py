"""Tools that wait, report, fail and query, each in the sync and the async way."""

import asyncio
import functools
import threading
from datetime import date
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from pydantic import AfterValidator, BaseModel, model_validator

from django_mcp import (
    BigInt,
    EmbeddedResource,
    Icon,
    Image,
    Text,
    ToolContext,
    ToolError,
    tool,
)
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch

SECRET = "the-password-is-1234"

latch = Latch()

with collecting() as TOOLS:

    @tool(read_only=True)
    def echo(text: str) -> str:
        """Say the same again."""
        return text

    @tool(
        read_only=True,
        title="Echo",
        icons=[Icon(src="https://echo.example/a.png", mime_type="image/png", sizes=("48x48",))],
    )
    async def aecho(text: str) -> str:
        """Say the same again, on the loop."""
        return text

    @tool(group="closed", read_only=True)
    def hidden() -> str:
        """Belong to a group that is switched off."""
        return SECRET

    class Parcel(BaseModel):
        sent_on: date
        weight: float = 1.0

        @model_validator(mode="before")
        @classmethod
        def _as_sent(cls, data: Any) -> Any:
            return dict(data)

    @tool(read_only=True)
    def send_parcel(parcel: Parcel, number: BigInt = 0, labels: list[str] = []) -> dict[str, Any]:  # noqa: B006
        """Say what was understood."""
        return {"parcel": parcel, "number": str(number + 1), "labels": labels}

    @tool(read_only=True)
    def divide(by: Annotated[int, AfterValidator(lambda by: 1 // by)]) -> int:
        """Give what a validator makes of a number, if it does not fail."""
        return by

    # Waiting at the latch.

    @tool(atomic=False)
    def hold(name: str = "") -> str:
        """Wait until the test opens the latch."""
        latch.wait(name)
        return name

    @tool
    async def ahold(name: str = "") -> str:
        """Wait on the loop until the test opens the latch, and say so when cancelled."""
        try:
            await latch.pause(name)
        except asyncio.CancelledError:
            latch.note(f"{name} cancelled")
            raise
        latch.note(f"{name} done")
        return name

    @tool(atomic=False)
    def watch(context: ToolContext) -> str:
        """Wait at the latch, then tell whether the call was cancelled."""
        latch.wait("watch")
        latch.note(f"cancelled: {context.is_cancelled}")
        return "over"

    @tool(atomic=False)
    def hold_and_fail() -> str:
        """Wait until the test opens the latch, then fail."""
        latch.wait("hold_and_fail")
        raise RuntimeError(SECRET)

    # Reporting progress.

    @tool(read_only=True)
    def count(to: int, context: ToolContext) -> int:
        """Report every step."""
        for step in range(1, to + 1):
            context.report_progress(step, to, f"step {step}")
        return to

    @tool(read_only=True)
    async def acount(to: int, context: ToolContext) -> int:
        """Report every step, on the loop."""
        for step in range(1, to + 1):
            await context.areport_progress(step, to, f"step {step}")
        return to

    @tool(name="count_behind_decorator", read_only=True)
    @functools.wraps(acount)
    def count_behind_decorator(*args: Any, **kwargs: Any) -> Any:
        return acount(*args, **kwargs)

    @tool(read_only=True)
    def count_and_fail(context: ToolContext) -> int:
        """Report two steps, then refuse."""
        context.report_progress(1, 2)
        context.report_progress(2, 2)
        raise ToolError("no further")

    @tool(read_only=True)
    def count_down(context: ToolContext) -> None:
        """Report steps that do not increase, and some that are no numbers."""
        for step in (1.0, 0.5, float("nan"), float("inf"), 1.0, 2.0):
            context.report_progress(step)

    @tool(atomic=False)
    def hold_and_report(context: ToolContext) -> str:
        """Report before and after the latch."""
        context.report_progress(1, 2, "before")
        latch.wait("hold_and_report")
        context.report_progress(2, 2, "after")
        latch.note("reported")
        return "over"

    @tool
    async def ahold_and_report(context: ToolContext) -> str:
        """Report before and after the latch, on the loop."""
        await context.areport_progress(1, 2, "before")
        await latch.pause("ahold_and_report")
        await context.areport_progress(2, 2, "after")
        latch.note("reported")
        return "over"

    # Logging.

    @tool(read_only=True)
    def log_each(levels: list[Any], context: ToolContext) -> int:
        """Log a message at each of the levels."""
        for level in levels:
            context.log(level, f"at {level}")
        return len(levels)

    @tool(read_only=True)
    async def alog_each(levels: list[Any], context: ToolContext) -> int:
        """Log a message at each of the levels, on the loop."""
        for level in levels:
            await context.alog(level, f"at {level}")
        return len(levels)

    @tool(read_only=True)
    def log_many(count: int, context: ToolContext) -> int:
        """Log many messages, and one of them as an error."""
        for number in range(count):
            context.log("error" if number == count - 5 else "info", f"message {number}")
        return count

    @tool(read_only=True)
    def log_length(length: int, context: ToolContext) -> int:
        """Log a text of some length, which is no Unicode in the end."""
        context.log("info", "x" * length + "\ud800")
        return length

    @tool(read_only=True)
    def log_and_fail(context: ToolContext) -> int:
        """Log, then refuse."""
        context.log("warning", "about to refuse")
        raise ToolError("no further")

    @tool(read_only=True)
    def log_and_report(context: ToolContext) -> None:
        """Log and report in turns, faster than reports are sent."""
        for step in (1, 2, 3):
            context.report_progress(step, 3)
            context.log("info", f"step {step}")
            context.log("debug", f"details of step {step}")

    @tool(atomic=False)
    def hold_and_log(context: ToolContext) -> str:
        """Log before and after the latch."""
        context.log("info", "before")
        latch.wait("hold_and_log")
        context.log("info", "after")
        return "over"

    @tool(background=True, read_only=True)
    def log_in_background(context: ToolContext) -> str:
        """Log where no stream is."""
        context.report_progress(1, 1)
        context.log("error", "from the background")
        return "over"

    # Failing.

    @tool
    def boom() -> str:
        """Fail."""
        raise RuntimeError(SECRET)

    @tool
    async def aboom() -> str:
        """Fail on the loop."""
        raise RuntimeError(SECRET)

    @tool
    def leave() -> str:
        """End the process, or try to."""
        raise SystemExit(SECRET)

    @tool
    async def cancel_oneself() -> str:
        """Be cancelled by something of one's own."""
        raise asyncio.CancelledError(SECRET)

    @tool
    def cancel_oneself_sync() -> str:
        """Be cancelled by something of one's own, in a thread."""
        raise asyncio.CancelledError(SECRET)

    # Querying.

    @tool(read_only=True)
    def query() -> int:
        """Ask the database, and say on which thread."""
        Group.objects.count()
        return threading.get_ident()

    @tool(read_only=True)
    async def aquery() -> int:
        """Ask the database through the async ORM."""
        return await Group.objects.acount()

    @tool
    def add_group(name: str) -> str:
        """Write to the database."""
        Group.objects.create(name=name)
        return name

    @tool
    async def atouch(name: str) -> str:
        """Be recorded before and after."""
        return name

    @tool
    def add_group_and_fail(name: str) -> str:
        """Write to the database, then refuse."""
        Group.objects.create(name=name)
        raise ToolError("changed my mind")

    @tool(read_only=True)
    async def ameet(name: str) -> int:
        """Wait at the latch on the thread of the async ORM; return that thread."""

        def meet() -> int:
            Group.objects.count()
            latch.wait(name)
            return threading.get_ident()

        first = await sync_to_async(meet)()
        again = await sync_to_async(threading.get_ident)()
        assert first == again, "one call keeps one thread"
        return first

    # In the background.

    @tool(background=True, read_only=True)
    def work(to: int, context: ToolContext) -> int:
        """Report one step less than all, wait at the latch, and report the last."""
        if to > 1:
            context.report_progress(to - 1, to, "nearly there")
        latch.wait("work")
        context.report_progress(to, to)
        return to

    @tool(background=True, on_disconnect="continue", read_only=True)
    def work_on(context: ToolContext) -> str:
        """Report one step, wait at the latch, and go on whether the client is there or not."""
        context.report_progress(1, 2, SECRET)
        latch.wait("work_on")
        context.report_progress(2, 2, SECRET)
        return SECRET

    @tool(background=True, scopes=["numbers:add"], read_only=True)
    def work_with_scope() -> str:
        """Wait at the latch, for callers with a scope."""
        latch.wait("work_with_scope")
        return SECRET

    @tool(background=True, scopes=["numbers:add"], read_only=True)
    def add_with_scope(a: int, b: int) -> int:
        """Add two numbers, for callers with a scope."""
        return a + b

    @tool(background=True, group="closed", read_only=True)
    def hidden_work() -> str:
        """Belong to a group that is switched off."""
        return SECRET

    @tool(background=True, require_task=True, read_only=True)
    def work_for_hours(hours: int) -> int:
        """Take longer than anybody should wait on a stream."""
        return hours

    @tool(background=True, read_only=True)
    def work_until_cancelled(context: ToolContext) -> str:
        """Go on until nobody wants the result any more."""
        latch.note("work_until_cancelled")
        while not context.is_cancelled:
            latch.nap()
        return "stopped"

    @tool(background=True, read_only=True)
    def draw(title: str | None = None) -> list[Text | Image | EmbeddedResource]:
        """Answer with blocks of several kinds."""
        return [
            Text(text=title or "untitled"),
            Image(data=b"\x89PNG", mime_type="image/png"),
            EmbeddedResource(uri="test://drawing", mime_type="text/plain", text="a line"),
        ]

    @tool(background=True, read_only=True)
    def describe(name: str) -> dict[str, str | None]:
        """Answer with a null."""
        return {"name": name, "nickname": None}

    @tool(background=True)
    def refuse_work() -> str:
        """Refuse."""
        raise ToolError("not today", retryable=True, hint="Come tomorrow.", retry_after=60)

    @tool(background=True)
    def break_work() -> str:
        """Fail."""
        raise RuntimeError(SECRET)
