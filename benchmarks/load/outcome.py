"""What came of putting a server under load."""

from dataclasses import dataclass
from typing import Protocol

from benchmarks.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`failures` counts answers that were not good, and requests that got none at all."""

    requests: int
    seconds: float
    failures: int
    example: str = ""
    median_ms: float
    slowest_percent_ms: float


class Load(Protocol):
    """Sends the same request again and again over connections that stay open."""

    name: str

    def run(self, port: int, request: Request, *, connections: int, seconds: float) -> Outcome:
        """Keep the server at `port` busy for a while; returns when that is over.

        Each connection has one request under way at a time.
        """
