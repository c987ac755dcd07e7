"""`Breaker`: the circuit breaker that keeps calls from what has failed repeatedly."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")

MAX_RESET_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Circuit breaker of what a function depends on: while it is open, the function is not called.

    Args:
        failures: Failures in a row that open it.
        reset: Seconds from its opening until one call is let through as a probe, whose success
            closes it; at least 1.
        name: Name that several declarations share, with all they count; default one of its own.
        on: Exceptions that count as failures. A `ToolError` only counts if it has
            `retryable=True`, and a call that timed out while it ran always does.
    """

    failures: int = 5
    reset: float = 30
    name: str | None = None
    on: tuple[type[Exception], ...] = (Exception,)

    def problems(self) -> Iterator[str]:
        """Yield the problems of the breaker, for the author of the declaration."""
        failures: object = self.failures
        name: object = self.name
        kinds: object = self.on
        if type(failures) is not int or failures < 1:
            yield "Breaker.failures must be a positive integer"
        if not _is_reset_time(self.reset):
            yield f"Breaker.reset must be a number of seconds from 1 to {MAX_RESET_SECONDS}"
        if name is not None and not (isinstance(name, str) and NAME.fullmatch(name)):
            yield "Breaker.name must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"
        if not (isinstance(kinds, tuple) and kinds and all(map(_is_exception, kinds))):
            yield "Breaker.on must be a tuple of exception classes"
        if find_spec("pybreaker") is None:
            yield 'breaker needs pybreaker: pip install "django-mcp-toolkit[resilience]"'

    def agrees_with(self, other: "Breaker") -> bool:
        """Return whether both can be one breaker: they open and reset by the same numbers."""
        return (self.failures, self.reset) == (other.failures, other.reset)


def _is_reset_time(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and 1 <= value <= MAX_RESET_SECONDS


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)
