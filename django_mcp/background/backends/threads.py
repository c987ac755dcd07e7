"""Backend without a broker: threads of the process that was called, over the same rows."""

import logging
from queue import SimpleQueue
from threading import Lock, Thread, Timer
from uuid import UUID

from django_mcp.background.worker import run_task
from django_mcp.conf import settings
from django_mcp.db.connections import with_fresh_connections
from django_mcp.models import ToolTask
from django_mcp.tools.background import Background

logger = logging.getLogger(__name__)


class ThreadsBackend:
    """Backend over threads of this process: for development, and where nothing may be installed.

    The threads end with the process, wherever their tools are; recovery by any later process sees
    to what they leave.
    """

    def __init__(self) -> None:
        self._waiting: SimpleQueue[UUID] = SimpleQueue()
        self._threads: list[Thread] = []
        self._lock = Lock()

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        """See `Backend.enqueue`."""
        if delay > 0:
            timer = Timer(delay, self._take, [task.pk])
            timer.daemon = True
            timer.start()
        else:
            self._take(task.pk)

    def terminate(self, task: ToolTask) -> None:
        """See `Backend.terminate`: no thread can be ended from outside."""

    def _take(self, key: UUID) -> None:
        self._waiting.put(key)
        with self._lock:
            if len(self._threads) < settings.BACKGROUND_THREADS:
                name = f"django_mcp_background_{len(self._threads)}"
                # A daemon: a tool that goes on for an hour must not keep the process from ending.
                thread = Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while True:
            key = self._waiting.get()
            try:
                with_fresh_connections(lambda: run_task(key))  # noqa: B023
            except (Exception, SystemExit):
                logger.exception("Task %s could not be run", key)
