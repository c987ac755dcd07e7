"""Alternating rounds: every contestant is measured in each, so that drift cancels out."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.bench import Bench
from benchmarks.load.outcome import Outcome
from benchmarks.requests import Request
from benchmarks.servers import RunningServer, Server, ServerError, running


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A server, and the request that it is asked to serve as often as it can."""

    name: str
    server: Server
    request: Request
    connections: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a contestant achieved, round by round. `cpu_us` is the server's time per request."""

    name: str
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    median_ms: list[float] = field(default_factory=list)
    slowest_percent_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def cpu_ratio_to(self, other: "Result") -> float:
        """How many times the other's processor time per request this takes: the median."""
        return statistics.median(
            mine / its for mine, its in zip(self.cpu_us, other.cpu_us, strict=True)
        )

    def ratio_to(self, other: "Result") -> float:
        """How many times the other's rate this is: the median over the rounds."""
        return statistics.median(
            mine / its for mine, its in zip(self.rates, other.rates, strict=True)
        )


def contest(bench: Bench, contestants: Sequence[Contestant]) -> dict[str, Result]:
    """Measure the contestants against each other; raises `ServerError` for any bad answer."""
    results = {each.name: Result(name=each.name) for each in contestants}
    with ExitStack() as stack:
        servers = {
            each.name: stack.enter_context(
                running(each.server, cores=bench.cores.of_workers(each.server.workers))
            )
            for each in contestants
        }
        for each in contestants:
            put_under_load(bench, each, servers[each.name], bench.pace.warm_up)
        for number in range(bench.pace.rounds):
            # There and back: whoever comes first in one round comes last in the next.
            for each in contestants if number % 2 == 0 else reversed(contestants):
                _measure(bench, each, servers[each.name], results[each.name])
    return results


def _measure(bench: Bench, contestant: Contestant, server: RunningServer, result: Result) -> None:
    bench.database.empty("django_mcp_callrecord", "journal_entry")
    bench.keep_database_beside_load()
    cpu_before = server.cpu_seconds()
    outcome = put_under_load(bench, contestant, server, bench.pace.seconds)
    cpu = server.cpu_seconds() - cpu_before
    result.rates.append(outcome.requests / outcome.seconds)
    result.cpu_us.append(cpu / outcome.requests * 1e6)
    result.median_ms.append(outcome.median_ms)
    result.slowest_percent_ms.append(outcome.slowest_percent_ms)


def put_under_load(
    bench: Bench, contestant: Contestant, server: RunningServer, seconds: float
) -> Outcome:
    """Ask its server for so long; raises `ServerError` for any bad answer."""
    outcome = bench.load.run(
        server.port, contestant.request, connections=contestant.connections, seconds=seconds
    )
    if outcome.failures or not outcome.requests:
        found = f"{outcome.failures} bad of {outcome.requests} answers in {seconds:g} s"
        raise ServerError(f"{contestant.name}: {found} {outcome.example}\n{server.tail()}")
    return outcome
