"""A place where tools wait until the test lets them go on."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue

from tests.wire import PATIENCE


class Latch:
    """Closed until the test opens it; the test learns of everyone who comes to it."""

    def __init__(self) -> None:
        self._arrivals: SimpleQueue[str]
        self._opened: Future[None]

    # For tools.

    def wait(self, name: str = "") -> None:
        """Wait on a thread."""
        self._arrivals.put(name)
        self._opened.result(PATIENCE)

    async def pause(self, name: str = "") -> None:
        """Wait on the loop."""
        self._arrivals.put(name)
        # Shielded, because the latch is there for others too.
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._opened)), PATIENCE)

    def note(self, name: str) -> None:
        """Tell the test something without waiting."""
        self._arrivals.put(name)

    def nap(self) -> None:
        """Do nothing for a moment, as a tool that looks at something now and then."""
        time.sleep(0.01)  # `context.is_cancelled` is there to be looked at; it wakes nobody

    # For tests.

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Close it; whoever still waits when the block ends goes on."""
        self._arrivals, self._opened = SimpleQueue(), Future()
        try:
            yield
        finally:
            self.open()

    def open(self) -> None:
        if not self._opened.done():
            self._opened.set_result(None)

    async def arrival(self) -> str:
        """The name of the next one to come."""
        return await asyncio.to_thread(self._arrivals.get, True, PATIENCE)
