"""News of tasks for those in the same process who wait: they need not find out by asking."""

import uuid
from collections.abc import Callable
from threading import Lock
from weakref import WeakSet


class Sleeper:
    """Somebody who wants to hear of tasks. `stir` is called from any thread; it never blocks."""

    def __init__(self, stir: Callable[[uuid.UUID], None]) -> None:
        self.stir = stir


_sleepers: WeakSet[Sleeper] = WeakSet()
_lock = Lock()


def listen(sleeper: Sleeper) -> None:
    """Tell it of every task, for as long as somebody keeps it."""
    with _lock:
        _sleepers.add(sleeper)


def wake(key: uuid.UUID) -> None:
    """Tell everybody in this process that there is news of a task."""
    with _lock:
        sleepers = tuple(_sleepers)
    for sleeper in sleepers:
        sleeper.stir(key)
