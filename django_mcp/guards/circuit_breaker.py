"""Guard of circuit breakers: what has failed repeatedly is not called for a while."""

import logging
from typing import Any

from django.utils.module_loading import import_string

from django_mcp.cache_outages import CacheOutage
from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.exceptions import (
    CircuitOpenError,
    TimedOutError,
    ToolError,
    ToolFailedError,
)
from django_mcp.policy.breakers.circuits import circuit_of
from django_mcp.policy.breakers.state import admit, give_back
from django_mcp.primitives.breaker import Breaker
from django_mcp.schemas.output.output import Rendered

logger = logging.getLogger(__name__)

outage = CacheOutage(logger, "The cache of circuit breakers is away: all of them count as closed")

COUNTER = "django_mcp.policy.breakers.storage.count_outcome"

CLEAN = "clean"
PROBE = "probe"
"""Values of the state that the guard keeps of calls where they are run."""


class CircuitBreaker(Guard):
    """Guard that refuses calls while the breaker of what they call is open, and counts outcomes.

    A background call is refused at its submission, and again by the worker: that ends its task, so
    that the client can decide whether it still wants the result.
    """

    repeats_in_worker = True

    def may_block(self, call: Call) -> bool:
        """See `Guard`: for the cache."""
        return call.target is not None and call.target.breaker is not None

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `CircuitOpenError`."""
        circuit = circuit_of(call.target)
        if circuit is None:
            return None
        call.state.pop(CircuitBreaker, None)  # a task may have been suspended in between
        # A task may wait for long before it could show anything.
        is_run_here = call.task_id is None or call.is_repeated
        try:
            state = admit(circuit, call=str(call.id), is_probing=is_run_here)
        except CircuitOpenError:
            raise
        except Exception as error:  # noqa: BLE001  (every cache has its own)
            outage.log(error)
            return None
        if is_run_here and state.is_open:
            call.state[CircuitBreaker] = PROBE
        elif is_run_here and not state.failures:
            call.state[CircuitBreaker] = CLEAN
        return None

    def ended(self, call: Call, error: BaseException | None) -> None:
        """See `Guard`."""
        circuit = circuit_of(call.target)
        if circuit is None or isinstance(error, CircuitOpenError):
            return
        is_failure = _is_failure(call, error, circuit.breaker)
        # None of a call that has found failures, or whose worker has died.
        known = call.state.get(CircuitBreaker)
        try:
            if is_failure is None:
                if known == PROBE or call.is_repeated:
                    give_back(circuit, call=str(call.id))
            elif is_failure or known != CLEAN:
                count: Any = import_string(COUNTER)
                count(circuit, call=str(call.id), is_failure=is_failure)
        except Exception as failure:  # noqa: BLE001  (every cache has its own)
            outage.log(failure)


def _is_failure(call: Call, error: BaseException | None, breaker: Breaker) -> bool | None:
    """Return whether a call has failed; None if that shows nothing about what it depends on."""
    if error is None:
        return False
    if isinstance(error, TimedOutError):
        return True if call.was_run else None
    if error is call.refusal:  # the answer of a guard
        return None
    if isinstance(error, ToolFailedError):
        # Its cause may be unknown, or no Exception.
        is_any = Exception in breaker.on
        return True if is_any or isinstance(error.__cause__, breaker.on) else None
    if isinstance(error, ToolError) and error.retryable:
        raised = error, error.__cause__
        return True if any(isinstance(each, breaker.on) for each in raised) else None
    return None
