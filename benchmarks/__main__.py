"""Compare the servers: `python -m benchmarks [--quick] [--load wrk|python] [names ...]`."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.bench import QUICK, THOROUGH, Bench
from benchmarks.cores import Cores, TooFewCoresError
from benchmarks.database import Database, temporary_database
from benchmarks.load.loop import EventLoop
from benchmarks.load.outcome import Load
from benchmarks.load.wrk import Wrk
from benchmarks.report import Section
from benchmarks.scenarios import (
    drf_view,
    enqueue,
    frozen,
    guard_rails,
    many_tools,
    progress,
    tasks_get,
    tool_list,
    trivial,
    waiters,
    whole_job,
    workers,
)
from benchmarks.servers import ROOT, ServerError

SCENARIOS: Mapping[str, Callable[[Bench], Section]] = {
    "trivial": trivial.run,
    "whole-job": whole_job.run,
    "guard-rails": guard_rails.run,
    "drf-view": drf_view.run,
    "many-tools": many_tools.run,
    "frozen": frozen.run,
    "listing": tool_list.run,
    "progress": progress.run,
    "workers": workers.run,
    "enqueue": enqueue.run,
    "tasks-get": tasks_get.run,
    "waiting": waiters.run,
}
RESULTS = Path(__file__).parent / "results.md"
PACKAGES = (
    *("django-mcp-toolkit", "mcp", "pydantic", "django", "django-oauth-toolkit"),
    *(
        "djangorestframework",
        "django-mcpz",
        "uvicorn",
        "uvloop",
        "httptools",
        "gunicorn",
        "psycopg",
        "celery",
        "redis",
    ),
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare the servers. A whole, thorough run writes benchmarks/results.md.",
    )
    parser.add_argument("names", nargs="*", help=f"some of: {' '.join(SCENARIOS)}")
    parser.add_argument("--quick", action="store_true", help="short and inexact; writes nothing")
    parser.add_argument("--load", choices=("wrk", "python"), help="instead of wrk if installed")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(SCENARIOS):
        parser.error(f"unknown: {' '.join(sorted(unknown))}")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    names = arguments.names or list(SCENARIOS)
    try:
        cores = Cores.of_this_machine()
        os.sched_setaffinity(0, {cores.load})
        with temporary_database() as database:
            os.environ["DATABASE_URL"] = database.url
            bench = Bench(
                cores=cores,
                database=database,
                load=_choose_load(arguments.load),
                pace=QUICK if arguments.quick else THOROUGH,
                tokens=_seed(),
            )
            sections = [_shown(SCENARIOS[name](bench)) for name in names]
            conditions = _conditions(bench, database, sys.argv[1:])
    except (TooFewCoresError, ServerError) as error:
        sys.exit(f"error: {error}")
    print(conditions)
    if not arguments.quick and not arguments.names:
        RESULTS.write_text(_results(conditions, sections))
        print(f"Written to {RESULTS.relative_to(ROOT)}.")


def _choose_load(name: str | None) -> Load:
    if name == "wrk" or (name is None and Wrk.is_installed()):
        return Wrk()
    return EventLoop()


def _seed() -> dict[str, str]:
    """Make tables, rows and tokens in a process of its own: this one never loads Django."""
    command = [sys.executable, "-m", "benchmarks.projects.seed"]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    tokens: dict[str, str] = json.loads(answer.stdout)
    return tokens


def _shown(section: Section) -> Section:
    print(section.to_markdown(), flush=True)
    return section


def _conditions(bench: Bench, database: Database, options: Sequence[str]) -> str:
    """Everything a reader needs to repeat the run."""
    command = " ".join(["python -m benchmarks", *options])
    place = "beside the load" if bench.is_database_kept else "where the system put it"
    cores = f"each server on one, the load on another, the database {place}"
    pace = bench.pace
    versions = ", ".join(filter(None, map(_versioned, PACKAGES)))
    languages = f"Python {platform.python_version()}, PostgreSQL {database.version()}"
    return f"""\
- Command: `{command}`
- Load: {bench.load.name}; 16 connections, 1 for lists
- Machine: {os.cpu_count()} cores of {platform.machine()}; {cores}
- Rounds: {pace.rounds} of {pace.seconds:g} s for each server, in turn, after {pace.warm_up:g} s \
to warm up; medians
- Versions: {languages}, {versions}"""


def _versioned(package: str) -> str:
    """The package with its version; nothing where it is not installed, as a part may need none."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _results(conditions: str, sections: Sequence[Section]) -> str:
    intro = "Ratios hold beyond the machine they were measured on; the other figures do not."
    parts = ["# Benchmarks\n", f"{intro}\n", f"{conditions}\n"]
    return "\n".join([*parts, *(section.to_markdown() for section in sections)])


if __name__ == "__main__":
    main()
