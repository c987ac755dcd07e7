"""A backend of the tests' own, as a project would write one: it keeps what it is handed."""

from uuid import UUID

from django_mcp.models import ToolTask
from django_mcp.tools.background import Background

PATH = "tests.background.backends.HoldingBackend"
REFUSING = "tests.background.backends.RefusingBackend"

held: list[tuple[UUID, float]] = []
"""Every id that was handed over, with its delay."""

terminated: list[UUID] = []


class HoldingBackend:
    """Hands nothing on: tests run the tasks themselves."""

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        held.append((task.pk, delay))

    def terminate(self, task: ToolTask) -> None:
        terminated.append(task.pk)


class RefusingBackend(HoldingBackend):
    """Takes nothing, or says so: what it was handed is kept nevertheless."""

    def enqueue(self, task: ToolTask, runs: Background, *, delay: float = 0) -> None:
        held.append((task.pk, delay))
        raise ConnectionError("no broker")
