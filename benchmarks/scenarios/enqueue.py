"""Handing a call to the background, against the bare Celery `delay` that is part of it."""

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace

from benchmarks.bench import Bench
from benchmarks.broker import Queue, temporary_queue
from benchmarks.cores import on_cores
from benchmarks.report import Aim, Section, middle
from benchmarks.requests import call_tool
from benchmarks.rounds import Contestant, put_under_load
from benchmarks.scenarios import whole_job
from benchmarks.servers import ROOT, RunningServer, Server, running

LIMIT_MS = 3.0
TABLES = ("django_mcp_callrecord", "django_mcp_tooltask")


def with_background(server: Server, queue: Queue) -> Server:
    """The server with the tool that runs in the background, and a queue for its calls."""
    return replace(server, environment={**server.environment, **queue.environment})


@dataclass(slots=True)
class Cost:
    """Round by round; `cpu_us` is the processor time of the server, or of the loop."""

    median_ms: list[float] = field(default_factory=list)
    slowest_percent_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def row(self, name: str) -> list[str]:
        return [
            name,
            f"{middle(self.median_ms):.2f}",
            f"{middle(self.slowest_percent_ms):.2f}",
            f"{middle(self.cpu_us):.0f}",
        ]


def run(bench: Bench) -> Section:
    ours, bare = Cost(), Cost()
    with temporary_queue() as queue:
        mine = Contestant(
            name="django_mcp, `tools/call` to task",
            server=with_background(whole_job.OURS, queue),
            request=call_tool(
                "add_later",
                {"a": 2, "b": 40},
                token=bench.tokens["toolkit"],
                as_task=True,
                expected='"resultType":"task"',
            ),
            connections=1,
        )
        with running(mine.server, cores=bench.cores.of_workers(1)) as started:
            put_under_load(bench, mine, started, bench.pace.warm_up)
            for _ in range(bench.pace.rounds):
                _measure_delay(bench, mine.server, bare)
                queue.empty()
                _measure_calls(bench, mine, started, ours)
                queue.empty()
    more = middle([own - its for own, its in zip(ours.median_ms, bare.median_ms, strict=True)])
    return Section(
        title="Handing a call to the background",
        text="From the request to the task in its answer: token, policy, arguments, the row of the "
        "record, the row of the task, commit, `delay` over Redis. One connection; nobody reads the "
        "queue. Below it Celery's `delay` alone, in a loop of its own.",
        header=("", "Median, ms", "99 %, ms", "CPU, us"),
        rows=[ours.row(mine.name), bare.row("Celery, `delay`")],
        aims=[
            Aim(
                wanted=f"At most {LIMIT_MS:g} ms more than the bare `delay`",
                measured=f"{more:+.2f} ms",
                is_met=more <= LIMIT_MS,
            )
        ],
    )


def _measure_calls(bench: Bench, contestant: Contestant, server: RunningServer, cost: Cost) -> None:
    bench.database.empty(*TABLES)
    bench.keep_database_beside_load()
    cpu_before = server.cpu_seconds()
    outcome = put_under_load(bench, contestant, server, bench.pace.seconds)
    cost.cpu_us.append((server.cpu_seconds() - cpu_before) / outcome.requests * 1e6)
    cost.median_ms.append(outcome.median_ms)
    cost.slowest_percent_ms.append(outcome.slowest_percent_ms)


def _measure_delay(bench: Bench, server: Server, cost: Cost) -> None:
    command = [sys.executable, "-m", "benchmarks.projects.delay", str(bench.pace.seconds)]
    with on_cores(bench.cores.of_workers(1)):
        answer = subprocess.run(
            command,
            cwd=ROOT,
            env=server.whole_environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found = json.loads(answer.stdout)
    times = sorted(found["milliseconds"])
    cost.cpu_us.append(found["cpu_us"])
    cost.median_ms.append(middle(times))
    cost.slowest_percent_ms.append(times[int(len(times) * 0.99)])
