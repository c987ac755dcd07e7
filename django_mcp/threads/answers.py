"""`Answer`: what a task comes to, for one who may have to go on without it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from typing_extensions import override

from django_mcp.threads.executors import run_detached

R = TypeVar("R")


class Answer(asyncio.Future[R]):
    """Future of what a task comes to, or of the error by which the task is given up.

    Awaiting it is as awaiting the task, which is cancelled with the one who waits. A task that is
    given up is cancelled, and goes on where it cannot be stopped.
    """

    def __init__(self, work: "asyncio.Task[R]") -> None:
        super().__init__(loop=work.get_loop())
        self._is_abandoned = False
        self._work = work
        self._message: Any | None = None
        work.add_done_callback(self._resolve)

    @override
    def cancel(self, msg: Any | None = None) -> bool:
        self._message = msg  # by which anyio knows the cancellations of its own
        return not self.done() and self._work.cancel(msg)

    def abandon(self) -> None:
        """Give up the task; `set_exception` is to follow."""
        self._is_abandoned = True
        self._work.cancel()

    def give_up(self, error: BaseException) -> None:
        """Give up the task, and raise the error for the one who waits."""
        if not self.done():
            self.abandon()
            self.set_exception(error)

    def _resolve(self, work: "asyncio.Task[R]") -> None:
        # Retrieved in any case, so that asyncio does not log what nobody waits for.
        error = None if work.cancelled() else work.exception()
        if self._is_abandoned:
            return
        if work.cancelled():
            super().cancel(self._message)
        elif error is not None:
            self.set_exception(error)
        else:
            self.set_result(work.result())


async def answered_within(seconds: float, work: Coroutine[Any, Any, R]) -> R:
    """Return what the work returns. Raises `TimeoutError` after so many seconds.

    The work is cancelled then, and goes on where it cannot be stopped.
    """
    answer = Answer(run_detached(work))
    timer = asyncio.get_running_loop().call_later(seconds, answer.give_up, TimeoutError())
    try:
        return await answer
    finally:
        timer.cancel()
