"""What a project pays for having the app installed: `python -m benchmarks.install_cost`.

The time of `manage.py check`, and the memory of a web worker, beside those of the same project
without the app.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

from benchmarks import processes
from benchmarks.cores import Cores, TooFewCoresError
from benchmarks.database import temporary_database
from benchmarks.load.loop import ask
from benchmarks.report import Aim, markdown_table
from benchmarks.requests import Request, call_tool, get, list_tools
from benchmarks.servers import ROOT, Server, ServerError, running

SETTINGS = "benchmarks.projects.host.settings"
WITHOUT = None
FEW, MORE, WORKER = 10, 110, 200

CHECK_MS = 150
PER_TOOL_MS = 2
WORKER_MIB = 45

Tools = int | None
"""How many tools the project has; None is the project without the app."""


@dataclass(slots=True, kw_only=True)
class Checks:
    """Runs of `manage.py check`, in milliseconds by the clock and of processor time."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.install_cost", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 3 if parser.parse_args().quick else 11
    try:
        cores = Cores.of_this_machine()
        os.sched_setaffinity(0, {cores.server})
        # Without byte code every process would compile our modules; installed, they have theirs.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        with temporary_database() as database:
            os.environ |= {"DATABASE_URL": database.url, "DJANGO_SETTINGS_MODULE": SETTINGS}
            _manage("migrate", "--verbosity=0", tools=FEW)
            aims = [*_measure_checks(runs), *_measure_workers(cores, max(3, runs // 2))]
    except (TooFewCoresError, ServerError) as error:
        sys.exit(f"error: {error}")
    for aim in aims:
        print(f"{aim.wanted}: {aim.measured}, {'pass' if aim.is_met else 'FAIL'}")
    sys.exit(0 if all(aim.is_met for aim in aims) else 1)


def _measure_checks(runs: int) -> list[Aim]:
    """Run the checks of the three projects in turn."""
    found: dict[Tools, Checks] = {tools: Checks() for tools in (WITHOUT, FEW, MORE)}
    for number in range(runs + 1):
        for tools, checks in found.items():
            wall, cpu = _manage("check", tools=tools)
            if number:  # the first writes byte code and fills the system's caches
                checks.wall.append(wall)
                checks.cpu.append(cpu)
    rows = [
        [_project(tools), f"{statistics.median(c.wall):.0f}", f"{statistics.median(c.cpu):.0f}"]
        for tools, c in found.items()
    ]
    print("\n".join(markdown_table(("`manage.py check`", "Clock, ms", "CPU, ms"), rows)), "\n")
    # Judged by processor time: it is what the clock shows where nothing else runs.
    app = _difference(found[FEW].cpu, found[WITHOUT].cpu)
    tool = _difference(found[MORE].cpu, found[FEW].cpu) / (MORE - FEW)
    return [
        Aim(
            wanted=f"`manage.py check` with {FEW} tools at most {CHECK_MS} ms longer",
            measured=f"{app:.0f} ms",
            is_met=app <= CHECK_MS,
        ),
        Aim(
            wanted=f"At most {PER_TOOL_MS} ms for each further tool",
            measured=f"{tool:.2f} ms",
            is_met=tool <= PER_TOOL_MS,
        ),
    ]


def _manage(command: str, *options: str, tools: Tools) -> tuple[float, float]:
    """Run a management command; returns its milliseconds by the clock and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "django", command, *options],
        cwd=ROOT,
        env={**os.environ, **_environment(tools)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, cpu * 1000


def _measure_workers(cores: Cores, runs: int) -> list[Aim]:
    """Start a worker of either project in turn, ask it a few things, and look at its memory."""
    found: dict[Tools, list[tuple[float, float]]] = {WITHOUT: [], WORKER: []}
    for _ in range(runs):
        for tools, sizes in found.items():
            sizes.append(_worker_memory(cores, tools))
    rss, own = (
        {tools: [size[kind] for size in sizes] for tools, sizes in found.items()} for kind in (0, 1)
    )
    rows = [
        [
            _project(tools),
            f"{statistics.median(rss[tools]):.1f}",
            f"{statistics.median(own[tools]):.1f}",
        ]
        for tools in found
    ]
    print("\n".join(markdown_table(("A web worker", "RSS, MiB", "Its own, MiB"), rows)), "\n")
    more = _difference(rss[WORKER], rss[WITHOUT])
    return [
        Aim(
            wanted=f"A web worker with {WORKER} tools at most {WORKER_MIB} MiB larger",
            measured=f"{more:.1f} MiB",
            is_met=more <= WORKER_MIB,
        )
    ]


def _worker_memory(cores: Cores, tools: Tools) -> tuple[float, float]:
    server = Server(module="benchmarks.projects.host.asgi", environment=_environment(tools))
    with running(server, cores=frozenset({cores.server})) as started:
        for request in _questions(tools):
            ask(started.port, request)
        return processes.resident_mebibytes(started.pid)


def _questions(tools: Tools) -> list[Request]:
    """What a worker is asked before it is measured: the same pages, and some calls."""
    pages = [get("/api/users", expected='"users"'), get("/admin/login/", expected="csrf")]
    if tools is None:
        return pages * 5
    calls = [
        list_tools(expected='"name":"report"'),
        call_tool("add", {"a": 2, "b": 40}, expected='"result":42'),
        call_tool("add_async", {"a": 2, "b": 40}, era="legacy", expected='"result":42'),
    ]
    return [*pages, *calls] * 5


def _environment(tools: Tools) -> dict[str, str]:
    return {} if tools is None else {"BENCHMARK_TOOLS": str(tools)}


def _project(tools: Tools) -> str:
    return "without the app" if tools is None else f"with {tools} tools"


def _difference(mine: list[float], other: list[float]) -> float:
    """The median of the differences between runs that followed each other."""
    return statistics.median(a - b for a, b in zip(mine, other, strict=True))


if __name__ == "__main__":
    main()
