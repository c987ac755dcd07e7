"""Log messages of a call: bounded in size and number, for the client that requested them."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from django_mcp.context import LogLevel

LOG_LEVELS: Mapping[LogLevel, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "alert": logging.CRITICAL,
    "emergency": logging.CRITICAL,
}
"""The levels of RFC 5424 from the least severe on, with those of Python's `logging`."""

SEVERITIES: Mapping[LogLevel, int] = {level: number for number, level in enumerate(LOG_LEVELS)}

MAX_LOG_CHARACTERS = 4096
"""Of one message; the rest of a longer one is cut off, and counted in its place."""

LOG_BURST = 100
"""Messages that a call may send to its client at once."""

LOG_RATE_PER_SECOND = 10.0
"""Messages after a burst; those beyond are counted, and the client receives their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMessage:
    """Message that a function logs for its client; `logger` is the name of the primitive."""

    level: LogLevel
    text: str
    logger: str = ""


class LogSink(Protocol):
    """Destination of messages. Messages sent arrive in order, and before the call's result."""

    def send(self, message: LogMessage) -> None:
        """Take a message from any thread, without waiting for its delivery."""

    async def drain(self) -> None:
        """Return when every message taken so far has been delivered, or can no longer be."""


class LogThrottle:
    """Throttle that passes on messages of the requested `level` and above, up to a rate.

    They go to `sink`. What is beyond the rate is counted: the number comes as a message of its own,
    before the next one or by `flush`. Safe to use from several threads.
    """

    def __init__(self, sink: LogSink, *, level: LogLevel) -> None:
        self.sink = sink
        self._severity = SEVERITIES[level]
        self._lock = Lock()
        self._allowance = float(LOG_BURST)
        self._counted_at = time.monotonic()
        self._omitted = 0
        self._worst_omitted: LogMessage | None = None

    def is_requested(self, level: LogLevel) -> bool:
        """Return whether the client requested messages of this level."""
        return SEVERITIES[level] >= self._severity

    def log(self, message: LogMessage) -> None:
        """Send a message, or count it."""
        if not self.is_requested(message.level):
            return
        # Sent under the lock: the messages of two threads would overtake each other after it.
        with self._lock:
            now = time.monotonic()
            refill = (now - self._counted_at) * LOG_RATE_PER_SECOND
            self._allowance = min(self._allowance + refill, LOG_BURST)
            self._counted_at = now
            if self._allowance < 1:
                self._omit(message)
                return
            self._allowance -= 1
            self._send_number()
            self.sink.send(message)

    def flush(self) -> None:
        """Send the number of messages that were left out last, if there are any."""
        with self._lock:
            self._send_number()

    async def drain(self) -> None:
        """Return when every message sent so far is on its way."""
        await self.sink.drain()

    def _omit(self, message: LogMessage) -> None:
        worst = self._worst_omitted
        self._omitted += 1
        if worst is None or SEVERITIES[message.level] > SEVERITIES[worst.level]:
            self._worst_omitted = message

    def _send_number(self) -> None:
        worst = self._worst_omitted
        if worst is None:
            return
        messages = "1 message was" if self._omitted == 1 else f"{self._omitted} messages were"
        text = f"{messages} left out here: there were too many at once."
        self._omitted, self._worst_omitted = 0, None
        # At the level of the most severe one, because the client requested that.
        self.sink.send(LogMessage(level=worst.level, text=text, logger=worst.logger))


def as_log_level(value: object) -> LogLevel | None:
    """Return the level that a value names; None if it names none."""
    return next((level for level in LOG_LEVELS if level == value), None)


def bounded_text(text: str) -> str:
    """Return the text of a message, cut to `MAX_LOG_CHARACTERS`, as text that UTF-8 can hold."""
    excess = len(text) - MAX_LOG_CHARACTERS
    if excess > 0:
        text = f"{text[:MAX_LOG_CHARACTERS]} ... ({excess} more characters)"
    # One lone surrogate would break the stream that the result is to come on.
    return text.encode("utf-8", "replace").decode("utf-8")
