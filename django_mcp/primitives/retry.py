"""`Retry`: the policy by which what has failed is run again."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Retry policy for exceptions of what is read-only, or of a tool that is idempotent.

    Args:
        times: Maximum number of reruns, those after the death of a worker included.
        backoff: Seconds before the first rerun; each later one waits twice as long.
        max_delay: Longest wait between two runs, in seconds. With that of `backoff` all are equal.
        jitter: Wait a random part of that time, at least half of it.
        on: Exceptions to retry on. A `ToolError` is only retried if it has `retryable=True`.
    """

    times: int = 3
    backoff: float = 1.0
    max_delay: float = 3600.0
    jitter: bool = True
    on: tuple[type[Exception], ...] = (Exception,)

    def delay(self, run: int) -> float:
        """Return the seconds to wait after run number `run`, which begins at 1."""
        longest: float = min(self.max_delay, self.backoff * 2 ** min(run - 1, 32))
        return longest * random.uniform(0.5, 1) if self.jitter else longest

    @property
    def shortest_delay(self) -> float:
        """Fewest seconds before the first rerun."""
        return min(self.max_delay, self.backoff) * (0.5 if self.jitter else 1)

    def problems(self) -> Iterator[str]:
        """Yield the problems of the policy, for the author of the declaration."""
        times: object = self.times
        kinds: object = self.on
        if type(times) is not int or times < 1:
            yield "Retry.times must be a positive integer"
        if self.backoff != 0 and not is_duration(self.backoff):
            yield "Retry.backoff must be a number of seconds"
        if self.max_delay != 0 and not is_duration(self.max_delay):
            yield "Retry.max_delay must be a number of seconds"
        if not (isinstance(kinds, tuple) and kinds and all(map(_is_exception, kinds))):
            yield "Retry.on must be a tuple of exception classes"


def is_duration(value: object) -> bool:
    """Return whether what an author has written is a positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > 0


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)
