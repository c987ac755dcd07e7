"""What each guard rail costs the whole job, and what all of them cost together."""

import os
from dataclasses import replace

from redis import Redis, RedisError

from benchmarks.bench import Bench
from benchmarks.broker import DEFAULT_URL
from benchmarks.report import Section, at_most, middle
from benchmarks.requests import call_tool
from benchmarks.rounds import Contestant, Result, contest
from benchmarks.scenarios import whole_job
from benchmarks.servers import Server, ServerError

LIMIT = 1.4
HEADER = ("Guard rails", "CPU ratio", "CPU, us", "CPU without, us", "Requests/s", "Median, ms")
NONE = "none"

EACH = ("rates", "concurrency", "budgets", "statement-timeouts", "retries", "breaker")
RAILS: dict[str, tuple[str, ...]] = {
    "rates: of the user, the tool, and all": ("rates",),
    "concurrency: of the user, the client and the tool": ("concurrency",),
    "export budgets: rows and bytes, an hour and a day": ("budgets",),
    "statement timeouts": ("statement-timeouts",),
    "retries": ("retries",),
    "circuit breaker": ("breaker",),
    "cache, nothing found": ("cache-miss",),
    "cache, all found": ("cache-hit",),
    "all but the cache": EACH,
    "all, nothing found in the cache": (*EACH, "cache-miss"),
    "all, all found in the cache": (*EACH, "cache-hit"),
}
"""Names for the settings of the project and its module of guarded tools."""

AIMED = ("all but the cache", "all, nothing found in the cache")


def run(bench: Bench) -> Section:
    url = os.environ.get("REDIS_URL") or DEFAULT_URL
    prefix = f"django_mcp_benchmarks_{os.getpid()}"
    try:
        pairs = [_measured(bench, name, rails, url, prefix) for name, rails in RAILS.items()]
    finally:
        _empty(url, prefix)
    ratios = {with_rails.name: with_rails.cpu_ratio_to(none) for none, with_rails in pairs}
    return Section(
        title="Guard rails",
        text="The whole job with each guard rail switched on, with limits that no call reaches and "
        "counts in Redis, each against the same server without any. The ratio is of the server's "
        "processor time for a call; timeouts, and limits of sizes, are always on. A cache in which "
        "nothing is found serializes and stores every result; one in which all is found answers "
        "without the query. Idempotency keys concern calls that write.",
        header=HEADER,
        rows=[_row(with_rails, none) for none, with_rails in pairs],
        aims=[
            at_most(f"{name[0].upper()}{name[1:]}: at most {LIMIT} times", ratios[name], LIMIT)
            for name in AIMED
        ],
    )


def _measured(
    bench: Bench, name: str, rails: tuple[str, ...], url: str, prefix: str
) -> tuple[Result, Result]:
    """Measure a server without guard rails, and one with these: two at once, of few connections."""
    request = call_tool(
        "guarded_expenses",
        whole_job.ARGUMENTS,
        token=bench.tokens["toolkit"],
        expected=whole_job.LAST_ROW,
    )
    pair = [
        Contestant(name=NONE, server=_server((NONE,), url, prefix), request=request),
        Contestant(name=name, server=_server(rails, url, prefix), request=request),
    ]
    results = contest(bench, pair)
    return results[NONE], results[name]


def _server(rails: tuple[str, ...], url: str, prefix: str) -> Server:
    environment = {
        "BENCHMARK_RAILS": " ".join(rails),
        "BENCHMARK_CACHE": url,
        "BENCHMARK_CACHE_PREFIX": f"{prefix}:{'+'.join(rails)}",
    }
    return replace(whole_job.OURS, environment={**whole_job.OURS.environment, **environment})


def _row(result: Result, none: Result) -> list[str]:
    return [
        result.name,
        f"{result.cpu_ratio_to(none):.2f}",
        f"{middle(result.cpu_us):.0f}",
        f"{middle(none.cpu_us):.0f}",
        f"{result.rate:.0f}",
        f"{middle(result.median_ms):.1f}",
    ]


def _empty(url: str, prefix: str) -> None:
    """Leave nothing in Redis. Raises `ServerError` where there is none."""
    try:
        with Redis.from_url(url) as redis:
            for key in redis.scan_iter(f"{prefix}*", count=1000):
                redis.delete(key)
    except RedisError as error:
        raise ServerError(f"This needs the Redis of REDIS_URL: {error}") from error
