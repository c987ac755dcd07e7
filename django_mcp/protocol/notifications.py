"""Channel of progress reports to the client."""

import asyncio
import logging
from contextlib import suppress

from mcp.server.session import ServerSession

from django_mcp.calls.progress import ProgressReport

logger = logging.getLogger(__name__)


class ProgressChannel:
    """Sink that sends reports as `notifications/progress`, in order, on the request's stream."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[ProgressReport] = asyncio.Queue()
        self._sender = self._loop.create_task(self._send_all())
        self._is_closed = False

    def send(self, report: ProgressReport) -> None:
        """See `ProgressSink.send`."""
        with suppress(RuntimeError):  # the loop is gone, and with it the client
            self._loop.call_soon_threadsafe(self._take, report)

    async def drain(self) -> None:
        """See `ProgressSink.drain`."""
        if asyncio.get_running_loop() is not self._loop:
            # An async function that a sync tool has called runs on a loop of its own.
            draining = asyncio.run_coroutine_threadsafe(self.drain(), self._loop)
            await asyncio.wrap_future(draining)
            return
        # What this task or a thread has sent just now reaches the queue in the loop's next turn.
        await asyncio.sleep(0)
        await self._waiting.join()

    def close(self) -> None:
        """Stop sending: the client has gone, or has received everything.

        The tool may go on and report; those reports are dropped.
        """
        self._is_closed = True
        self._sender.cancel()
        while not self._waiting.empty():
            self._waiting.get_nowait()
            self._waiting.task_done()

    def _take(self, report: ProgressReport) -> None:
        if not self._is_closed:
            self._waiting.put_nowait(report)

    async def _send_all(self) -> None:
        while True:
            report = await self._waiting.get()
            try:
                await self._session.report_progress(
                    report.done, report.total, report.message or None
                )
            except Exception:
                logger.debug("A progress report could not be sent", exc_info=True)
            finally:
                self._waiting.task_done()
