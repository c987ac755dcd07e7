"""Channel of a call's notifications to its client: progress reports and log messages."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from mcp.server.session import ServerSession
from mcp_types import (
    LOG_LEVEL_META_KEY,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    RequestId,
)

from django_mcp.calls.log_messages import LogMessage, LogThrottle, as_log_level
from django_mcp.calls.progress import ProgressReport, ProgressSink
from django_mcp.context import LogLevel
from django_mcp.protocol.exchange import Context, is_modern

logger = logging.getLogger(__name__)


class NotificationChannel:
    """Sink that sends reports and messages, in order, on the stream of their request.

    `progress` and `logs` are the ends of it that a call is given: None for what its client did not
    request.
    """

    progress: ProgressSink | None = None
    logs: LogThrottle | None = None

    def __init__(self, session: ServerSession, request_id: RequestId | None) -> None:
        self._session = session
        self._request_id = request_id
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[ProgressReport | LogMessage] = asyncio.Queue()
        self._sender = self._loop.create_task(self._send_all())
        self._is_closed = False

    @classmethod
    def requested(cls, ctx: Context) -> Self | None:
        """Return the channel of a request; None where its client requested no notifications."""
        level = _log_level(ctx)
        wants_progress = _meta(ctx).get("progressToken") is not None
        if level is None and not wants_progress:
            return None
        channel = cls(ctx.session, ctx.request_id)
        channel.progress = channel if wants_progress else None
        channel.logs = None if level is None else LogThrottle(channel, level=level)
        return channel

    def send(self, notification: ProgressReport | LogMessage) -> None:
        """See `ProgressSink.send` and `LogSink.send`."""
        with suppress(RuntimeError):  # the loop is gone, and with it the client
            self._loop.call_soon_threadsafe(self._take, notification)

    async def drain(self) -> None:
        """See `ProgressSink.drain` and `LogSink.drain`."""
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

        The tool may go on, and report and log; that is dropped.
        """
        self._is_closed = True
        self._sender.cancel()
        while not self._waiting.empty():
            self._waiting.get_nowait()
            self._waiting.task_done()

    def _take(self, notification: ProgressReport | LogMessage) -> None:
        if not self._is_closed:
            self._waiting.put_nowait(notification)

    async def _send_all(self) -> None:
        while True:
            notification = await self._waiting.get()
            try:
                await self._send(notification)
            except Exception:
                logger.debug("A notification could not be sent", exc_info=True)
            finally:
                self._waiting.task_done()

    async def _send(self, notification: ProgressReport | LogMessage) -> None:
        if isinstance(notification, ProgressReport):
            report = notification
            await self._session.report_progress(report.done, report.total, report.message or None)
            return
        params = LoggingMessageNotificationParams(
            level=notification.level, data=notification.text, logger=notification.logger or None
        )
        # With the request's id it goes to the request's stream, and the throttle has judged its
        # level. `send_log_message`, which would do both, warns that the feature is deprecated.
        await self._session.send_notification(
            LoggingMessageNotification(params=params), related_request_id=self._request_id
        )


def _log_level(ctx: Context) -> LogLevel | None:
    """Return the least level of the messages that a request asks for; None if it asks for none.

    Clients of the 2025 revisions ask by `logging/setLevel`, for a session. There are none here.
    """
    return as_log_level(_meta(ctx).get(LOG_LEVEL_META_KEY)) if is_modern(ctx) else None


def _meta(ctx: Context) -> Mapping[str, object]:
    meta = (ctx.params or {}).get("_meta")
    return meta if isinstance(meta, Mapping) else {}
