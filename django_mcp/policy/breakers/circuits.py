"""Circuits: the breakers that declarations share, each with its keys in the cache."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django_mcp.primitives.breaker import Breaker
from django_mcp.primitives.primitive import Primitive


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """One breaker: of a single primitive, or of all that declare it by the same name.

    `key` is unique among breakers, and the beginning of the keys in the cache. Names hold no colon.
    """

    key: str
    breaker: Breaker

    @property
    def opening_key(self) -> str:
        """Key of the opening; without one the breaker is closed."""
        return f"{self.key}:opening"

    @property
    def slot_key(self) -> str:
        """Key that is free when a probe may be let through."""
        return f"{self.key}:slot"

    @property
    def failures_key(self) -> str:
        """Key of the number of failures in a row."""
        return f"{self.key}:failures"

    def probe_key(self, call: object) -> str:
        """Key of what a call is a probe for, by the id of the call."""
        return f"{self.key}:probe:{call}"


def circuit_of(primitive: Primitive | None) -> Circuit | None:
    """Return the circuit that calls of a primitive pass; None without a breaker."""
    breaker = None if primitive is None else primitive.breaker
    if primitive is None or breaker is None:
        return None
    if breaker.name is not None:
        return Circuit(key=f"django-mcp:breaker::{breaker.name}", breaker=breaker)
    return Circuit(
        key=f"django-mcp:breaker:{primitive.kind}:{primitive.name}",
        breaker=breaker,
    )


def circuits_of(primitives: Iterable[Primitive]) -> Mapping[Circuit, list[Primitive]]:
    """Return the circuits of primitives, each with those that share it, in their order."""
    found: dict[str, tuple[Circuit, list[Primitive]]] = {}
    for primitive in primitives:
        if (circuit := circuit_of(primitive)) is not None:
            found.setdefault(circuit.key, (circuit, []))[1].append(primitive)
    return dict(found.values())
