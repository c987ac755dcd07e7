"""Storage of pybreaker over the cache, and the outcomes that are passed to it.

The one module that imports pybreaker.
"""

from contextlib import suppress
from datetime import datetime

from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerStorage,
)
from typing_extensions import override

from django_mcp.policy.breakers.circuits import Circuit
from django_mcp.policy.breakers.state import (
    close_circuit,
    count_failure,
    is_probe,
    open_circuit,
    read_state,
)
from django_mcp.threads.cache_context import limits_cache


class FailureError(Exception):
    """A failure of a call, as it is passed to pybreaker."""


class CallStorage(CircuitBreakerStorage):
    """Storage as one call sees it at its end: half-open for the probe, and for no other."""

    def __init__(self, circuit: Circuit, call: str) -> None:
        super().__init__(circuit.key)
        self._circuit = circuit
        self._read = read_state(circuit)
        self._state = STATE_OPEN if self._read.is_open else STATE_CLOSED
        if is_probe(circuit, self._read, call=call):
            self._state = STATE_HALF_OPEN
        self._failures = self._read.failures
        self._successes = 0
        self._opened_at = self._read.since

    @property
    def state(self) -> str:
        """See `CircuitBreakerStorage`."""
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        if state == STATE_OPEN and self._opened_at is not None:
            open_circuit(self._circuit, self._read, at=self._opened_at)
        elif state == STATE_CLOSED:
            close_circuit(self._circuit)
        self._state = state

    @override
    def increment_counter(self) -> None:
        self._failures = count_failure(self._circuit)

    @override
    def reset_counter(self) -> None:
        # A success costs no request while nothing has failed.
        if self._failures:
            limits_cache().delete(self._circuit.failures_key)
            self._failures = 0

    @override
    def increment_success_counter(self) -> None:
        self._successes += 1

    @override
    def reset_success_counter(self) -> None:
        self._successes = 0

    @property
    def counter(self) -> int:
        """See `CircuitBreakerStorage`."""
        return self._failures

    @property
    def success_counter(self) -> int:
        """See `CircuitBreakerStorage`."""
        return self._successes

    @property
    def opened_at(self) -> datetime | None:
        """See `CircuitBreakerStorage`."""
        return self._opened_at

    @opened_at.setter
    def opened_at(self, time: datetime) -> None:
        self._opened_at = time


def count_outcome(circuit: Circuit, *, call: str, is_failure: bool) -> None:
    """Count the outcome of a call that was let through.

    While the breaker is open that of a probe decides, and no other counts.
    """
    storage = CallStorage(circuit, call)
    if storage.state == STATE_OPEN:
        return
    # One for each call: one that is shared keeps a state of its own beside the storage's, and
    # resets the counter of all processes when it sees that they differ.
    breaker = CircuitBreaker(
        fail_max=circuit.breaker.failures,
        reset_timeout=circuit.breaker.reset,
        state_storage=storage,
        throw_new_error_on_trip=False,
    )
    # `call()` would hold a lock for as long as the call takes.
    with suppress(FailureError), breaker.calling():
        if is_failure:
            raise FailureError
