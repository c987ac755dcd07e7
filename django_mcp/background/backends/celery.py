"""Backend over Celery: ids go through the broker, arguments and results never do."""

import threading
from typing import Any

from celery import Celery, current_app
from django.utils.module_loading import import_string

from django_mcp.conf import settings
from django_mcp.models import ToolTask
from django_mcp.tools.background import Background

RUN = "django_mcp.run_tool_task"
SWEEP = "django_mcp.sweep_tool_tasks"

GRACE_SECONDS = 5.0
"""Between the time limit of a run, which ends its row, and that of the worker process."""


class CeleryBackend:
    """Sends the ids of tasks to the workers of the project's Celery app."""

    def __init__(self) -> None:
        self._threads = threading.local()

    @property
    def app(self) -> Celery:
        """Celery app that `DJANGO_MCP_CELERY_APP` names, else Celery's current one."""
        named = settings.CELERY_APP
        app: Celery = import_string(named) if named else current_app
        return app

    @property
    def is_eager(self) -> bool:
        """True if Celery would run tools within the request that calls them."""
        return bool(self.app.conf.task_always_eager)

    @property
    def transport(self) -> str:
        """The kind of broker, such as `redis`."""
        return str(self.app.connection_for_write().transport_cls)

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        """See `Backend.enqueue`. The message has the id of the call, for the worker's own log."""
        options: dict[str, Any] = {
            "args": [str(task.pk)],
            "task_id": str(task.call_id),
            "ignore_result": True,
            # Only prefork heeds it; elsewhere the run is told to stop, and its row has ended.
            "time_limit": runs.time_limit + GRACE_SECONDS,
            "retry": False,
        }
        if runs.queue is not None:
            options["queue"] = runs.queue
        if delay > 0:
            options["countdown"] = delay
        try:
            self._send(options)
        except Exception:  # noqa: BLE001  (every transport has its own)
            # It may be no more than a connection that has been idle for too long, or whose broker
            # was restarted. A second message for the same task would start nothing.
            self._send(options)

    def terminate(self, task: ToolTask) -> None:
        """See `Backend.terminate`: kill the process that runs it; prefork alone has one."""
        self.app.control.revoke(
            str(task.call_id),
            terminate=True,
            signal="KILL",
            connection=self._producer().connection,
        )

    def _send(self, options: dict[str, Any]) -> None:
        try:
            self.app.send_task(RUN, producer=self._producer(), **options)
        except Exception:
            self._disconnect()
            raise

    def _producer(self) -> Any:
        """Return this thread's own producer: the threads that enqueue are few, and live long."""
        found = getattr(self._threads, "producer", None)
        if found is None:
            found = self._threads.producer = self.app.amqp.Producer(
                self._connection(), auto_declare=False
            )
        return found

    def _connection(self) -> Any:
        """Return a connection that gives up after seconds; Celery's own would go on trying."""
        patience = settings.BROKER_TIMEOUT
        options = {
            **self.app.conf.broker_transport_options,
            "max_retries": 0,
            "socket_connect_timeout": patience,
            "socket_timeout": patience,
        }
        return self.app.connection_for_write(connect_timeout=patience, transport_options=options)

    def _disconnect(self) -> None:
        broken = getattr(self._threads, "producer", None)
        self._threads.producer = None
        if broken is not None:
            broken.connection.collect(socket_timeout=settings.BROKER_TIMEOUT)
