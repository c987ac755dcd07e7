"""State of circuit breakers in the cache: their opening, and the one probe at a time."""

import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django_mcp.exceptions import CircuitOpenError
from django_mcp.policy.breakers.circuits import Circuit
from django_mcp.threads.cache_context import limits_cache

OPEN_SECONDS = 86_400
"""Time after which a breaker that nobody probes is closed."""

FAILURE_SECONDS = 3600
"""Time after which failures are forgotten that no other has followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitState:
    """State of a breaker at one moment, as read from the cache.

    It is open while it has an `opening`, with its `id` and the time `since` which it is not
    closed. The `slot` is taken while no further probe is let through, `until` a time: its `holder`
    is the id of the call that is the probe, or empty after the opening. Times are seconds by the
    clock of the process that wrote them, and only shown: the expiry of the slot decides.
    """

    opening: Mapping[str, Any] | None = None
    slot: Mapping[str, Any] | None = None
    failures: int = 0

    @property
    def is_open(self) -> bool:
        """True if calls are refused, but for probes."""
        return self.opening is not None

    @property
    def since(self) -> datetime | None:
        """Time at which the breaker was closed last."""
        return None if self.opening is None else _datetime(self.opening["since"])

    @property
    def is_probed(self) -> bool:
        """True if a call is let through at the moment to try."""
        return self.slot is not None and bool(self.slot["holder"])

    @property
    def next_probe(self) -> datetime | None:
        """Time from which another probe is let through; None for now."""
        return None if self.slot is None else _datetime(self.slot["until"])


def read_state(circuit: Circuit) -> CircuitState:
    """Return the state of a breaker, by one request to the cache."""
    keys = circuit.opening_key, circuit.slot_key, circuit.failures_key
    found = limits_cache().get_many(keys)
    opening, slot, failures = map(found.get, keys)
    return CircuitState(opening=opening, slot=slot, failures=failures or 0)


def admit(circuit: Circuit, *, call: str, is_probing: bool) -> CircuitState:
    """Return the state that a call is let through in, which is open for a probe.

    Raises `CircuitOpenError` for all others while the breaker is open. A call that is not
    `is_probing` is let through where a probe would be, and is none.
    """
    state = read_state(circuit)
    if state.opening is None:
        return state
    cache, slot = limits_cache(), state.slot
    if slot is None and is_probing:
        life = math.ceil(circuit.breaker.reset)
        taken = {"holder": call, "until": time.time() + life}
        if cache.add(circuit.slot_key, taken, life):
            slot = taken
        else:
            slot = cache.get(circuit.slot_key) or taken | {"holder": ""}
    if slot is not None and slot["holder"] != call:
        raise CircuitOpenError(retry_after=_seconds_left(circuit, slot))
    if is_probing:
        cache.set(circuit.probe_key(call), state.opening["id"], OPEN_SECONDS)
    return state


def give_back(circuit: Circuit, *, call: str) -> None:
    """Free the slot that a call holds, which has shown nothing."""
    cache = limits_cache()
    slot = cache.get(circuit.slot_key)
    if slot is not None and slot["holder"] == call:
        cache.delete_many([circuit.slot_key, circuit.probe_key(call)])


def is_probe(circuit: Circuit, state: CircuitState, *, call: str) -> bool:
    """Return whether a call was let through as a probe of this very opening."""
    if state.opening is None:
        return False
    return bool(limits_cache().get(circuit.probe_key(call)) == state.opening["id"])


def open_circuit(circuit: Circuit, state: CircuitState, *, at: datetime) -> None:
    """Open a breaker, or keep it open after a probe that has failed."""
    life = math.ceil(circuit.breaker.reset)
    opened = at.timestamp()
    since = opened if state.opening is None else state.opening["since"]
    opening = {"id": uuid.uuid4().hex, "since": since}
    cache = limits_cache()
    # First: an opening without it would let a probe through at once.
    cache.set(circuit.slot_key, {"holder": "", "until": opened + life}, life)
    cache.set(circuit.opening_key, opening, life + OPEN_SECONDS)
    cache.delete(circuit.failures_key)


def close_circuit(circuit: Circuit) -> None:
    """Close a breaker, and forget its failures."""
    limits_cache().delete_many([circuit.opening_key, circuit.slot_key, circuit.failures_key])


def count_failure(circuit: Circuit) -> int:
    """Count one more failure in a row; return how many there are."""
    cache, key = limits_cache(), circuit.failures_key
    try:
        count: int = cache.incr(key)
    except ValueError:  # there is no such key
        if cache.add(key, 1, FAILURE_SECONDS):
            return 1
        return count_failure(circuit)  # another process has just added it
    cache.touch(key, FAILURE_SECONDS)
    return count


def _seconds_left(circuit: Circuit, slot: Mapping[str, Any]) -> int:
    # The clock of another host may differ.
    left: int = math.ceil(slot["until"] - time.time())
    return max(1, min(left, math.ceil(circuit.breaker.reset)))


def _datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
