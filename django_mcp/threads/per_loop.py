"""Objects of which every event loop has one."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

R = TypeVar("R")


class PerLoop(Generic[R]):
    """What every event loop has one of; a process has one loop, except in tests.

    What was made for loops that have closed is forgotten when another one comes.
    """

    def __init__(self, make: Callable[[], R]) -> None:
        self._make = make
        # Not by weak references: what is made refers to its loop, and would keep it for ever.
        self._made: dict[asyncio.AbstractEventLoop, R] = {}

    def get(self) -> R:
        """The running loop's own."""
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            for closed in [each for each in tuple(self._made) if each.is_closed()]:
                self._made.pop(closed, None)  # loops of other threads may do the same
            self._made[loop] = self._make()
        return self._made[loop]
