"""`Deadline`: the time by which a call is answered, and the one decision who answers it then."""

import time
from threading import Lock

from django_mcp.exceptions import TimedOutError
from django_mcp.primitives.primitive import Primitive


class Deadline:
    """Time by which a call is answered. Either what runs the call does that, or the timer.

    The timer may do so while the function runs, from `begin` to `finish`, and at no other time: so
    guards are never called by both, and no commit is begun after the timer has answered. All
    methods may be called from any thread.
    """

    __slots__ = ("_is_over", "_is_running", "_lock", "at", "has_begun", "is_deferred", "is_expired")

    def __init__(self, at: float) -> None:
        self.at = at
        """Time of `time.monotonic()`."""
        self.has_begun = False
        """True when the function was called, at least once."""
        self.is_expired = False
        """True when the timer has answered the call."""
        self.is_deferred = False
        """True when it has, and what runs the call is to end the record all the same."""
        self._is_running = False
        self._is_over = False
        self._lock = Lock()

    @property
    def remaining(self) -> float:
        """Seconds that are left; 0 when there are none."""
        return max(0.0, self.at - time.monotonic())

    @property
    def is_over(self) -> bool:
        """True when there is no time left."""
        return self._is_over or time.monotonic() >= self.at

    def begin(self) -> bool:
        """Note that the function is called now; return False if it is too late for that."""
        with self._lock:
            if self.is_over:
                return False
            self.has_begun = self._is_running = True
            return True

    def finish(self) -> bool:
        """Note that the function has ended; return False if it is too late for its result."""
        with self._lock:
            self._is_running = False
            return not self.is_over

    def expire(self, *, is_deferred: bool) -> bool:
        """Note that the time is over; return whether the one who calls has to answer the call.

        `is_deferred` leaves its record to what runs the call.
        """
        with self._lock:
            self._is_over = True
            self.is_expired = self._is_running
            self.is_deferred = self.is_expired and is_deferred
            return self.is_expired


def timed_out(primitive: Primitive | None, *, has_begun: bool = True) -> TimedOutError:
    """Return the error of a call whose time was over, with what its caller may do about it."""
    if not has_begun:
        return TimedOutError(retryable=True, hint="It was not run. You may call again.")
    if primitive is None:
        return TimedOutError()
    if primitive.is_repeatable:
        return TimedOutError(
            retryable=True, hint="Call again, and ask for less if it takes too long once more."
        )
    if primitive.atomic is not None:
        return TimedOutError(
            hint="What it changed in the database is undone, but it may have had other effects. "
            "Find out before you call again."
        )
    return TimedOutError()
