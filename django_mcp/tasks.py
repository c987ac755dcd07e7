"""Celery tasks of the app, for autodiscovery: the run of tools, and the recovery of lost ones.

Only workers import this; the backend sends the task by its name.
"""

from typing import Any
from uuid import UUID

from celery import Task, shared_task

from django_mcp.background.backends.celery import RUN, SWEEP
from django_mcp.background.recovery import recover_tasks
from django_mcp.background.worker import run_task


# Acknowledged as soon as it is begun, whatever the project's default is: the row alone knows
# whether a tool may run again, and brokers take back (Redis) or punish (RabbitMQ) what is not
# acknowledged within their own idea of a long time.
@shared_task(name=RUN, bind=True, ignore_result=True, acks_late=False)  # type: ignore[untyped-decorator]
def run_tool_task(self: "Task[Any, Any]", key: str) -> None:
    """Run the tool task of this key."""
    run_task(UUID(key), worker=self.request.hostname or "")


@shared_task(name=SWEEP, ignore_result=True, acks_late=False)  # type: ignore[untyped-decorator]
def sweep_tool_tasks() -> None:
    """Run again or end the tasks whose workers have died."""
    recover_tasks()
