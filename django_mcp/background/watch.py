"""Waiting for tasks: everybody in a process by one question, asked again and again."""

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django_mcp.background.access import MAX_AGE, Access
from django_mcp.background.recovery import sweep_when_due
from django_mcp.calls.call import Call
from django_mcp.calls.progress import ProgressReport
from django_mcp.models import ToolTask
from django_mcp.threads.executors import bare_context, run_in_control
from django_mcp.threads.notifications import Subscriber, subscribe
from django_mcp.threads.per_loop import PerLoop

logger = logging.getLogger(__name__)

SHORTEST, LONGEST, GROWTH = 0.25, 1.0, 1.5
"""Seconds between two looks at a row; they grow while it stays as it is."""

TICK = 0.1
"""Looks fall on multiples of so many seconds: those who came one by one are seen to together."""

BATCH = 500
"""How many rows one query asks for."""

AT_ONCE, PAUSE = 5, 0.002
"""How many are told at once, and the seconds until the next are: whoever waits writes to a client,
and hundreds who did so at one moment would hold up everybody else's calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one look at a row tells those who wait for it."""

    status: str
    progress: ProgressReport | None
    updated: datetime | None = None

    @property
    def has_ended(self) -> bool:
        return self.status in ToolTask.ENDED


GONE = State(status=ToolTask.Status.FAILED, progress=None)
"""The state of a task that an operator has deleted."""


class Waiter:
    """Somebody who waits for one task. `changed` is set at every change of its state.

    `has_row` is to be set as soon as there must be one.
    """

    def __init__(self, now: float) -> None:
        self.state: State | None = None
        self.has_row = False
        self.changed = asyncio.Event()
        self.interval = SHORTEST
        self.due = _next_tick(now + SHORTEST)

    def see(self, state: State | None, now: float) -> None:
        if state == self.state:
            self.interval = min(self.interval * GROWTH, LONGEST)
        else:
            self.interval = SHORTEST
            self.state = state
            self.changed.set()
        self.due = _next_tick(now + self.interval)


def _next_tick(moment: float) -> float:
    return math.ceil(moment / TICK) * TICK


class Watch:
    """Looks at the rows that anybody on this event loop waits for: no thread or connection each."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiters: dict[UUID, list[Waiter]] = defaultdict(list)
        self._hurry = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._subscriber = Subscriber(self._hear)
        subscribe(self._subscriber)

    @asynccontextmanager
    async def waiting_for(self, key: UUID) -> AsyncIterator[Waiter]:
        """Watch one task inside the block, which may begin before there is a row."""
        waiter = Waiter(self._loop.time())
        self._waiters[key].append(waiter)
        if self._looking is None or self._looking.done():
            self._looking = self._loop.create_task(self._look_on(), context=bare_context())
        try:
            yield waiter
        finally:
            self._waiters[key].remove(waiter)
            if not self._waiters[key]:
                del self._waiters[key]
                self._hurry.set()

    def _hear(self, key: object) -> None:
        if not self._loop.is_closed() and key in self._waiters:
            self._loop.call_soon_threadsafe(self._make_due, key)

    def _make_due(self, key: object) -> None:
        for waiter in self._waiters.get(key, ()):  # type: ignore[call-overload]
            waiter.due = self._loop.time()
        self._hurry.set()

    async def _look_on(self) -> None:
        while self._waiters:
            next_due = min(w.due for waiters in self._waiters.values() for w in waiters)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_due):
                    await self._hurry.wait()
            self._hurry.clear()
            await self._look()

    async def _look(self) -> None:
        now = self._loop.time()
        due = {key: [w for w in waiters if w.due <= now] for key, waiters in self._waiters.items()}
        keys = [key for key, waiters in due.items() if waiters]
        if not keys:
            return
        # Before the query: a row may be made while it is on its way.
        absent = {
            key: GONE if any(w.has_row or w.state for w in due[key]) else None for key in keys
        }
        try:
            states = await run_in_control(_read_states, keys)
        except Exception:
            logger.warning("Nobody can see how tasks fare; that is tried again", exc_info=True)
            states = None
        for number, key in enumerate(keys, start=1):
            now = self._loop.time()
            for waiter in due[key]:
                waiter.see(waiter.state if states is None else states.get(key, absent[key]), now)
            if number % AT_ONCE == 0:
                await asyncio.sleep(PAUSE)


_watches = PerLoop(Watch)


def watch() -> Watch:
    """The watch of the running event loop."""
    return _watches.get()


async def changes(waiter: Waiter, *, pace: float = 0) -> AsyncIterator[State]:
    """The states of a task, from the first that is seen to its end.

    What differs by progress alone comes once in `pace` seconds at most; the newest is kept.
    """
    seen = None
    while seen is None or not seen.has_ended:
        while waiter.state is None or waiter.state == seen:
            await _change(waiter)
        seen = waiter.state
        yield seen
        with suppress(TimeoutError):
            async with asyncio.timeout(pace):
                while waiter.state.status == seen.status:
                    await _change(waiter)


async def follow(waiter: Waiter, call: Call, access: Access) -> None:
    """Pass on what progress the task makes, until it has ended.

    Raises `AccessEndedError` instead of telling one without access.
    """
    async for state in changes(waiter):
        if state.progress is not None:
            await access.renew(max_age=MAX_AGE)
            call.report_progress(state.progress.done, state.progress.total, state.progress.message)


async def _change(waiter: Waiter) -> None:
    await waiter.changed.wait()
    waiter.changed.clear()


def _read_states(keys: Sequence[UUID]) -> dict[UUID, State]:
    sweep_when_due()
    columns = ("pk", "status", "updated", "progress", "progress_total", "progress_message")
    states = {}
    for start in range(0, len(keys), BATCH):
        rows = ToolTask.objects.filter(pk__in=keys[start : start + BATCH])
        for key, status, updated, done, total, message in rows.values_list(*columns):
            progress = None
            if done is not None:
                progress = ProgressReport(done=done, total=total, message=message)
            states[key] = State(status=status, progress=progress, updated=updated)
    return states
