"""Fixed time windows: a number of calls of each caller pass in each, the rest are counted."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple, Self
from uuid import UUID

from django_mcp.peers import network_of


class Caller(NamedTuple):
    """Caller whose calls count together: a user through one client, or an anonymous address."""

    user: str = ""
    client: str = ""
    address: str = ""

    @classmethod
    def of(cls, user: str, client: str, address: str) -> Self:
        """Return the caller with these columns of the record; an anonymous one by its network."""
        if user or client:
            return cls(user=user[:128], client=client[:255])
        return cls(address=network_of(address[:64]))


class Refusal(NamedTuple):
    """Refused calls that share a row: of one kind and outcome, and of one name unless unknown."""

    kind: str
    outcome: str
    name: str = ""


@dataclass(slots=True)
class Overflow:
    """Refused calls of one caller beyond the limit of a window; `call_id` is the first one's.

    `row` is the call id of the row that counts them, once there is one; it is written under `lock`.
    """

    caller: Caller
    refusal: Refusal
    call_id: UUID
    calls: int = 0
    row: UUID | None = None
    lock: Lock = field(default_factory=Lock)


@dataclass(slots=True)
class _Window:
    begun: float
    calls: int = 0
    overflows: dict[Refusal, Overflow] = field(default_factory=dict)


class Windows:
    """Current window of each caller, in this process. Thread-safe.

    A window begins with a caller's first call. At most `capacity` are kept: when there are more
    callers, the oldest window ends early.
    """

    def __init__(
        self,
        *,
        limit: int,
        seconds: float,
        capacity: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._capacity = capacity
        self._clock = clock
        self._lock = Lock()
        self._windows: dict[Caller, _Window] = {}  # in the order of their beginning
        self._ended: deque[Overflow] = deque()

    def __len__(self) -> int:
        return len(self._windows)

    def count(self, caller: Caller, refusal: Refusal, call_id: UUID) -> Overflow | None:
        """Count one call; None while it is within the limit, which all refusals share."""
        with self._lock:
            now = self._clock()
            self._end_windows(now)
            window = self._windows.get(caller)
            if window is None:
                if len(self._windows) >= self._capacity:
                    self._end_oldest()
                window = self._windows[caller] = _Window(begun=now)
            window.calls += 1
            if window.calls <= self._limit:
                return None
            overflow = window.overflows.setdefault(refusal, Overflow(caller, refusal, call_id))
            overflow.calls += 1
            return overflow

    def take_ended(self) -> list[Overflow]:
        """Return the overflows of windows that have ended, each once."""
        with self._lock:
            ended = [*self._ended]
            self._ended.clear()
        return ended

    def clear(self) -> None:
        """Remove all windows: for tests, whose callers are the same."""
        with self._lock:
            self._windows.clear()
            self._ended.clear()

    def _end_windows(self, now: float) -> None:
        while self._windows:
            oldest = next(iter(self._windows.values()))
            if now - oldest.begun < self._seconds:
                return
            self._end_oldest()

    def _end_oldest(self) -> None:
        window = self._windows.pop(next(iter(self._windows)))
        self._ended.extend(window.overflows.values())
