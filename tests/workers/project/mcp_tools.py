"""Background tools whose effects can be counted: lines of a file, and rows of the database."""

import asyncio
import os
import time
import uuid
from pathlib import Path

from django.contrib.auth.models import Group
from pydantic import BaseModel

from django_mcp import Breaker, Retry, ToolContext, invalidate, tool
from tests.workers.project import tasks
from tests.workload import spend

STEP = 0.05
"""Seconds of work between two looks at what the context says."""


def note(line: str) -> None:
    """Leave a trace that no rollback removes."""
    with Path(os.environ["TRACES"]).open("a") as traces:
        traces.write(f"{line}\n")


@tool(group="rows", read_only=True)
def list_rows(count: int) -> list[int]:
    """List some rows."""
    return list(range(count))


@tool(group="rows", read_only=True)
async def alist_rows(count: int) -> list[int]:
    """List some rows, on the loop."""
    return list(range(count))


@tool(background=True)
def work(tag: str, seconds: float) -> str:
    """Leave a trace and a row, once."""
    note(f"start {tag}")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    spend(seconds)
    return tag


@tool(idempotency_key="reference")
def pay(tag: str, seconds: float, reference: str) -> int:
    """Leave a trace and a row, within the request; return the process."""
    note(f"start {tag} {os.getpid()}")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    spend(seconds)
    return os.getpid()


@tool(background=True, idempotency_key="reference")
def transfer(tag: str, seconds: float, reference: str) -> str:
    """Leave a trace and a row."""
    note(f"start {tag}")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    spend(seconds)
    return tag


@tool(background=True, idempotent=True)
def repeat(tag: str, seconds: float) -> str:
    """Leave a trace and a row; more than once does no harm."""
    note(f"start {tag}")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    spend(seconds)
    return tag


@tool(
    background=True,
    idempotent=True,
    retry=Retry(times=1, backoff=1.5, jitter=False, on=(ConnectionError,)),
)
def retry(tag: str) -> str:
    """Fail the first time."""
    note(f"start {tag}")
    if Path(os.environ["TRACES"]).read_text().count(f"start {tag}\n") == 1:
        raise ConnectionError(tag)
    return tag


@tool(background=True, atomic=False, timeout=600)
def report(tag: str, seconds: float, context: ToolContext) -> str:
    """Report progress all the time, and stop when told to."""
    note(f"start {tag}")
    begun = time.monotonic()
    while (done := time.monotonic() - begun) < seconds:
        if context.is_cancelled:
            note(f"told {tag}")
            return "stopped"
        context.report_progress(done, seconds, tag)
        spend(STEP)
    return tag


@tool(background=True)
async def areport(tag: str, seconds: float, context: ToolContext) -> str:
    """Report progress all the time, on a loop, and stop when cancelled."""
    note(f"start {tag}")
    begun = time.monotonic()
    try:
        while (done := time.monotonic() - begun) < seconds:
            await context.areport_progress(done, seconds, tag)
            await asyncio.sleep(STEP)
    except asyncio.CancelledError:
        note(f"told {tag}")
        raise
    return tag


@tool(background=True, atomic=False, on_disconnect="continue")
def go_on(tag: str, seconds: float) -> str:
    """Go on although nobody waits."""
    note(f"start {tag}")
    spend(seconds)
    note(f"end {tag}")
    return tag


@tool(background=True, atomic=False, timeout=0.5)
def overrun(tag: str, seconds: float) -> str:
    """Heed no time limit."""
    note(f"start {tag}")
    spend(seconds)
    note(f"end {tag}")
    return tag


BREAKER = Breaker(name="upstream", failures=2, reset=2)


@tool(atomic=False, breaker=BREAKER)
def ask(tag: str, fails: bool = False, seconds: float = 0) -> str:
    """Ask an upstream, which fails as the caller says."""
    note(f"start {tag}")
    spend(seconds)
    if fails:
        raise ConnectionError(tag)
    return tag


@tool(breaker=BREAKER)
async def aask(tag: str, fails: bool = False, seconds: float = 0) -> str:
    """Ask an upstream, which fails as the caller says, on the loop."""
    note(f"start {tag}")
    await asyncio.sleep(seconds)
    if fails:
        raise ConnectionError(tag)
    return tag


@tool(background=True, breaker=BREAKER)
def ask_later(tag: str, fails: bool = False, seconds: float = 0) -> str:
    """Ask an upstream, which fails as the caller says, in a worker."""
    return ask(tag, fails=fails, seconds=seconds)


class Consent(BaseModel):
    agree: bool


@tool(background=True)
def agree(tag: str, context: ToolContext) -> bool:
    """Write a row, and ask whether that was right."""
    note(f"start {tag}")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    return context.elicit(f"Keep {tag}?", Consent).agree


@tool(background=True)
async def aagree(tag: str, context: ToolContext) -> bool:
    """Ask, and write a row then."""
    note(f"start {tag}")
    answer = await context.aelicit(f"Keep {tag}?", Consent)
    await Group.objects.acreate(name=f"{tag}/{uuid.uuid4()}")
    return answer.agree


@tool(read_only=True, rate="100/d")
def rated() -> str:
    """Be called a hundred times a day."""
    return "done"


@tool(read_only=True, rate="100/d")
async def arated() -> str:
    """Be called a hundred times a day, on the loop."""
    return "done"


@tool(rate="100/d")
def rated_write() -> str:
    """Be called a hundred times a day, to change something."""
    return "done"


@tool(read_only=True, max_concurrent=1)
def hold(tag: str, seconds: float) -> str:
    """Keep the only place of this tool, and its thread."""
    note(f"start {tag}")
    spend(seconds)
    return tag


@tool(read_only=True, max_concurrent=1)
async def ahold(tag: str, seconds: float) -> str:
    """Keep the only place of this tool."""
    note(f"start {tag}")
    await asyncio.sleep(seconds)
    return tag


@tool(read_only=True, max_concurrent=1, timeout=1)
async def ahold_too_long(tag: str, seconds: float) -> str:
    """Keep the only place of this tool, for too long."""
    note(f"start {tag}")
    await asyncio.sleep(seconds)
    return tag


@tool(read_only=True, max_concurrent=3)
async def share(tag: str, seconds: float) -> str:
    """Keep one of three places."""
    note(f"start {tag}")
    await asyncio.sleep(seconds)
    return tag


@tool(background=True, atomic=False, max_concurrent=1)
def work_alone(tag: str, seconds: float) -> str:
    """Leave traces of a run that is alone."""
    note(f"start {tag}")
    spend(seconds)
    note(f"end {tag}")
    return tag


@tool(read_only=True, cache=600, vary_on=())
def kept(tag: str, seconds: float) -> str:
    """Say which process has computed it, and keep that for all."""
    note(f"start {tag}")
    spend(seconds)
    return str(os.getpid())


@tool(read_only=True, cache=600, vary_on=(), invalidate_on=[Group])
async def akept(tag: str, seconds: float) -> str:
    """Say which process has computed it, on the loop, and keep that until groups change."""
    note(f"start {tag}")
    await asyncio.sleep(seconds)
    return str(os.getpid())


@tool()
def change(tag: str) -> str:
    """Make invalid what others keep."""
    invalidate("kept")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    return tag


tool(background=True, idempotent=True)(tasks.fetch)
tool(background=True)(tasks.mail)
