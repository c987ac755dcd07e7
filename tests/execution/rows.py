"""The rows of tasks as tests look at them."""

import time
from collections.abc import Callable

from django_mcp.models import ToolTask
from tests.wire import PATIENCE


def settled() -> ToolTask:
    """The only task, once it has ended and its end is on record."""
    until(lambda: ToolTask.objects.get().is_recorded)
    return ToolTask.objects.get()


def until(is_so: Callable[[], bool]) -> None:
    """Look again and again until it is so; fails when it takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)  # the fact is another thread's or process's, which cannot wake this one
