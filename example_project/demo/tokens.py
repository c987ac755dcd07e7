"""The access tokens of the tours' clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One for each client, by the name of its user."""

    demo: str
    demo_read_only: str
    auditor: str
