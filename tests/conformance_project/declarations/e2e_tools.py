"""Tools that the end-to-end tests call, with the SDKs and the Inspector."""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from django_mcp import ToolContext, ToolError, tool
from tests.conformance_project.declarations.scopes import BREAK, USE
from tests.conformance_project.options import BOOM_SECRET
from tests.workload import spend

STEP = 0.2
"""Seconds between two progress reports of the slow tools."""


def note(event: Literal["start", "done", "cancelled"], tag: str) -> None:
    """Append `event tag` to the file that `FIXTURE_LOG` names, for tests to read."""
    if path := os.environ.get("FIXTURE_LOG"):
        with Path(path).open("a") as log:
            log.write(f"{event} {tag}\n")


@tool(group="fixtures", scopes=USE, read_only=True)
def echo(text: str, n: int = 0) -> str:
    """Answer with the text's length, the number and the text's first 40 characters.

    Args:
        text: Any text.
        n: Any number.
    """
    return f"{len(text)} {n} {text[:40]}"


@tool(group="fixtures", scopes=USE)
async def slow(seconds: float, context: ToolContext, tag: str = "-") -> str:
    """Take some time, and report progress meanwhile.

    Args:
        seconds: How long.
        tag: What the fixture log calls this call.
    """
    note("start", tag)
    try:
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < seconds:
            await context.areport_progress(round(elapsed, 2), seconds, tag)
            await asyncio.sleep(min(STEP, seconds - elapsed))
        await context.areport_progress(seconds, seconds, tag)
    except asyncio.CancelledError:
        note("cancelled", tag)
        raise
    note("done", tag)
    return f"{tag} took {seconds} s"


# Not atomic: on SQLite an open transaction would keep every other writer waiting meanwhile.
@tool(group="fixtures", scopes=USE, atomic=False)
def slow_sync(seconds: float, context: ToolContext, tag: str = "-") -> str:
    """Take some time on a thread, and report progress meanwhile.

    Args:
        seconds: How long.
        tag: What the fixture log calls this call.
    """
    note("start", tag)
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds:
        if context.is_cancelled:
            note("cancelled", tag)
            raise ToolError("The call was cancelled.")
        context.report_progress(round(elapsed, 2), seconds, tag)
        spend(min(STEP, seconds - elapsed))
    context.report_progress(seconds, seconds, tag)
    note("done", tag)
    return f"{tag} took {seconds} s"


@tool(group="fixtures", scopes=BREAK)
def boom() -> str:
    """Fail in a way that its author did not foresee."""
    raise RuntimeError(f"could not connect with the password {BOOM_SECRET}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What was set aside."""

    item: str
    quantity: int


@tool(group="fixtures", scopes=USE)
def reserve(item: str, quantity: Annotated[int, Field(ge=1)]) -> Reservation:
    """Set some of an item aside: structured output, or an error that says what to change.

    Args:
        item: What to set aside.
        quantity: How many; there are ten.
    """
    if quantity > 10:
        raise ToolError(f"There are only 10 of {item}.", hint="Ask for at most 10.")
    return Reservation(item=item, quantity=quantity)
