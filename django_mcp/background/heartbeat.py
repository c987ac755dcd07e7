"""Heartbeat of the tasks that run in this process: one thread renews, cancels and times out all."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any

from django.db import connections
from django.utils import timezone

from django_mcp.background.completion import fail
from django_mcp.background.serialization import serialize_state
from django_mcp.calls.call import Call
from django_mcp.calls.cancellation import Cancellation
from django_mcp.calls.deadline import Deadline, timed_out
from django_mcp.calls.progress import ProgressReport
from django_mcp.conf import settings
from django_mcp.db.text import storable_text
from django_mcp.models import ToolTask
from django_mcp.models.tasks import ToolTaskQuerySet
from django_mcp.threads.notifications import publish

logger = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 0.4
"""Between two reads of the rows: a cancellation is noticed within a second."""

BEATS_PER_STALE_TIME = 6
"""Heartbeats within the time after which a worker counts as dead."""

MAX_MESSAGE_CHARACTERS = 1000


class Run:
    """One run of a task: its latest progress, and its cancellation. Also its `ProgressSink`.

    `call` is set when there is one.
    """

    def __init__(self, task: ToolTask, *, time_limit: float) -> None:
        self.task = task
        self.time_limit = time_limit
        self.call: Call | None = None
        self.cancellation = Cancellation()
        self.deadline = Deadline(time.monotonic() + time_limit)
        self._report: ProgressReport | None = None

    @property
    def rows(self) -> ToolTaskQuerySet:
        """Queryset of the task's row for as long as this run may change it."""
        return ToolTask.objects.run_of(self.task)

    @property
    def is_overdue(self) -> bool:
        """True if the run has passed its time limit."""
        return self.deadline.is_over

    def send(self, report: ProgressReport) -> None:
        """See `ProgressSink.send`."""
        self._report = report

    async def drain(self) -> None:
        """See `ProgressSink.drain`: what counts is on its way to the row."""

    def take_changes(self) -> dict[str, Any]:
        """Return what is new at the end of the run, by field: progress, and state of guards.

        State that is no JSON is lost, and logged: the run ends all the same.
        """
        facts = self.take_progress()
        if self.call is not None and self.call.state:
            try:
                facts["guard_state"] = serialize_state(self.call.state)
            except Exception:
                logger.exception("What guards keep of call %s is no JSON", self.call.id)
        return facts

    def take_progress(self) -> dict[str, Any]:
        """Return the latest progress, by field of the row; empty if it is written already."""
        if self.call is not None:
            self.call.finish_notifications()  # nothing is held back: this is thinned already
        report, self._report = self._report, None
        if report is None:
            return {}
        return {
            "progress": report.done,
            "progress_total": report.total,
            "progress_message": storable_text(report.message, MAX_MESSAGE_CHARACTERS),
        }


class Heartbeat:
    """Thread that writes heartbeats and progress of running tasks, and cancels and times them out.

    Its thread lives while there are runs. What it cannot do now, because the database is away, it
    does when it is back.
    """

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}
        self._lock = Lock()
        self._thread: Thread | None = None
        self._is_idle = Event()

    @contextmanager
    def keep_alive(self, run: Run) -> Iterator[None]:
        """Keep a run alive inside the block."""
        with self._lock:
            self._runs[id(run)] = run
            self._is_idle.clear()
            if self._thread is None or not self._thread.is_alive():  # or this process is a fork
                self._thread = Thread(
                    target=self._run_thread, name="django_mcp_heartbeat", daemon=True
                )
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._runs[id(run)]
                if not self._runs:
                    self._is_idle.set()

    def _run_thread(self) -> None:
        next_beat = time.monotonic()
        try:
            while True:
                pause = min(
                    CHECK_INTERVAL_SECONDS, settings.BACKGROUND_STALE_AFTER / BEATS_PER_STALE_TIME
                )
                if self._is_idle.wait(pause) and self._stop_if_idle():
                    return
                is_beat = time.monotonic() >= next_beat
                if is_beat:
                    next_beat = (
                        time.monotonic() + settings.BACKGROUND_STALE_AFTER / BEATS_PER_STALE_TIME
                    )
                try:
                    self._check_runs(is_beat=is_beat)
                except Exception:
                    connections.close_all()  # it may be the connection that is broken
                    logger.warning("Heartbeats of this process cannot be written", exc_info=True)
        finally:
            connections.close_all()

    def _stop_if_idle(self) -> bool:
        """Return whether there are still no runs, so that the thread may end."""
        with self._lock:
            if self._runs:
                return False
            self._thread = None
            return True

    def _check_runs(self, *, is_beat: bool) -> None:
        with self._lock:
            runs = list(self._runs.values())
        for run in runs:
            if run.is_overdue:
                # First: a tool that heeds the stop would end as cancelled.
                target = None if run.call is None else run.call.target
                fail(run.task.pk, timed_out(target), run.rows)
                run.cancellation.request()
        current = [run for run in runs if not run.is_overdue]
        is_wanted = {
            (key, attempts): not is_cancelled
            for key, attempts, is_cancelled in ToolTask.objects.filter(
                pk__in=[run.task.pk for run in current], status=ToolTask.Status.WORKING
            ).values_list("pk", "attempts", "cancel_requested")
        }
        for run in current:
            # Cancelled, or given up by recovery while this process was out of touch.
            if not is_wanted.get((run.task.pk, run.task.attempts), False):
                run.cancellation.request()
            progress = run.take_progress()
            now = timezone.now()
            if progress:
                run.rows.update(heartbeat=now, updated=now, **progress)
                publish(run.task.pk)
            elif is_beat:
                run.rows.update(heartbeat=now)


heartbeat = Heartbeat()
