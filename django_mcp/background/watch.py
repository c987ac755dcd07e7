"""One poller per event loop, shared by all requests that wait for a task."""

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django_mcp.background.access import MAX_AGE_SECONDS, Access
from django_mcp.background.recovery import recover_when_due
from django_mcp.calls.call import Call
from django_mcp.calls.progress import ProgressReport
from django_mcp.models import ToolTask
from django_mcp.threads.executors import bare_context, run_in_control
from django_mcp.threads.notifications import Subscriber, subscribe
from django_mcp.threads.per_loop import PerLoop

logger = logging.getLogger(__name__)

MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS, INTERVAL_GROWTH = 0.25, 1.0, 1.5
"""Between two reads of a row; the interval grows while the row does not change."""

TICK_SECONDS = 0.1
"""Reads fall on multiples of this: waiters that came one by one are served together."""

BATCH_ROWS = 500
"""Number of rows that one query reads."""

NOTIFIED_AT_ONCE, PAUSE_SECONDS = 5, 0.002
"""Number of waiters woken at once, and the pause until the next: each writes to a client,
and hundreds that did so at one moment would hold up all other calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """State of a task as one read of its row has found it."""

    status: str
    progress: ProgressReport | None
    updated: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """True if the task has ended."""
        return self.status in ToolTask.ENDED


DELETED = TaskState(status=ToolTask.Status.FAILED, progress=None)
"""The state of a task that an operator has deleted."""


class Waiter:
    """Waiter for one task. `changed` is set at every change of its state.

    `has_row` is to be set as soon as there must be one.
    """

    def __init__(self, now: float) -> None:
        self.state: TaskState | None = None
        self.has_row = False
        self.changed = asyncio.Event()
        self.interval = MIN_INTERVAL_SECONDS
        self.due = _next_tick(now + MIN_INTERVAL_SECONDS)

    def update(self, state: TaskState | None, now: float) -> None:
        """Take the state that was read, and schedule the next read."""
        if state == self.state:
            self.interval = min(self.interval * INTERVAL_GROWTH, MAX_INTERVAL_SECONDS)
        else:
            self.interval = MIN_INTERVAL_SECONDS
            self.state = state
            self.changed.set()
        self.due = _next_tick(now + self.interval)


def _next_tick(moment: float) -> float:
    return math.ceil(moment / TICK_SECONDS) * TICK_SECONDS


class Poller:
    """Poller of the rows that requests on one event loop wait for: no thread or connection each."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiters: dict[UUID, list[Waiter]] = defaultdict(list)
        self._wakeup = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._subscriber = Subscriber(self._on_publish)
        subscribe(self._subscriber)

    @asynccontextmanager
    async def watch(self, key: UUID) -> AsyncIterator[Waiter]:
        """Watch one task inside the block, which may begin before there is a row."""
        waiter = Waiter(self._loop.time())
        self._waiters[key].append(waiter)
        if self._polling is None or self._polling.done():
            self._polling = self._loop.create_task(
                self._poll_while_watched(), context=bare_context()
            )
        try:
            yield waiter
        finally:
            self._waiters[key].remove(waiter)
            if not self._waiters[key]:
                del self._waiters[key]
                self._wakeup.set()

    def _on_publish(self, key: object) -> None:
        if not self._loop.is_closed() and key in self._waiters:
            self._loop.call_soon_threadsafe(self._make_due, key)

    def _make_due(self, key: object) -> None:
        for waiter in self._waiters.get(key, ()):  # type: ignore[call-overload]
            waiter.due = self._loop.time()
        self._wakeup.set()

    async def _poll_while_watched(self) -> None:
        while self._waiters:
            next_due = min(w.due for waiters in self._waiters.values() for w in waiters)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_due):
                    await self._wakeup.wait()
            self._wakeup.clear()
            await self._poll()

    async def _poll(self) -> None:
        now = self._loop.time()
        due = {key: [w for w in waiters if w.due <= now] for key, waiters in self._waiters.items()}
        keys = [key for key, waiters in due.items() if waiters]
        if not keys:
            return
        # Before the query: a row may be made while it is on its way.
        absent = {
            key: DELETED if any(w.has_row or w.state for w in due[key]) else None for key in keys
        }
        try:
            states = await run_in_control(_read_states, keys)
        except Exception:
            logger.warning("Tasks cannot be read; that is tried again", exc_info=True)
            states = None
        for number, key in enumerate(keys, start=1):
            now = self._loop.time()
            for waiter in due[key]:
                waiter.update(waiter.state if states is None else states.get(key, absent[key]), now)
            if number % NOTIFIED_AT_ONCE == 0:
                await asyncio.sleep(PAUSE_SECONDS)


_pollers = PerLoop(Poller)


def poller() -> Poller:
    """Return the poller of the running event loop."""
    return _pollers.get()


async def changes(waiter: Waiter, *, pace: float = 0) -> AsyncIterator[TaskState]:
    """Yield the states of a task, from the first that is read to its end.

    States that differ by progress alone come once in `pace` seconds at most; the newest is kept.
    """
    state = None
    while state is None or not state.has_ended:
        while waiter.state is None or waiter.state == state:
            await _wait_for_change(waiter)
        state = waiter.state
        yield state
        with suppress(TimeoutError):
            async with asyncio.timeout(pace):
                while waiter.state.status == state.status:
                    await _wait_for_change(waiter)


async def forward_progress(waiter: Waiter, call: Call, access: Access) -> None:
    """Report progress of the task to the call's client, until the task has ended.

    Raises `AccessEndedError` instead of reporting to a caller without access.
    """
    async for state in changes(waiter):
        if state.progress is not None:
            await access.renew(max_age=MAX_AGE_SECONDS)
            call.report_progress(state.progress.done, state.progress.total, state.progress.message)


async def _wait_for_change(waiter: Waiter) -> None:
    await waiter.changed.wait()
    waiter.changed.clear()


def _read_states(keys: Sequence[UUID]) -> dict[UUID, TaskState]:
    recover_when_due()
    columns = ("pk", "status", "updated", "progress", "progress_total", "progress_message")
    states = {}
    for start in range(0, len(keys), BATCH_ROWS):
        rows = ToolTask.objects.filter(pk__in=keys[start : start + BATCH_ROWS])
        for key, status, updated, done, total, message in rows.values_list(*columns):
            progress = None
            if done is not None:
                progress = ProgressReport(done=done, total=total, message=message)
            states[key] = TaskState(status=status, progress=progress, updated=updated)
    return states
