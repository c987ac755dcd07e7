"""Objects of which each event loop has its own."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

R = TypeVar("R")


class PerLoop(Generic[R]):
    """An object per event loop; a process has one loop, except in tests.

    Objects of loops that have closed are dropped when another loop comes.
    """

    def __init__(self, make: Callable[[], R]) -> None:
        self._make = make
        # Not by weak references: what is made refers to its loop, and would keep it for ever.
        self._made: dict[asyncio.AbstractEventLoop, R] = {}

    def get(self) -> R:
        """Return the running loop's object, made at the first call."""
        loop = asyncio.get_running_loop()
        if loop not in self._made:
            for closed in [each for each in tuple(self._made) if each.is_closed()]:
                self._made.pop(closed, None)  # loops of other threads may do the same
            self._made[loop] = self._make()
        return self._made[loop]
