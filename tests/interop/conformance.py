"""Runs the official conformance suite: `python -m tests.interop.conformance`.

Ends with 0 when every failure is an expected one and every expected one still fails.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance_project.process import running_server
from tests.interop import authorization, node
from tests.interop.verdicts import (
    ScenarioResult,
    Verdict,
    compare,
    read_expected,
    read_results,
)

EXPECTED_FAILURES = Path(__file__).with_name("expected_failures.toml")
TIME_LIMIT = 600
"""Seconds for one run of the suite; each scenario has its own limit of 30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the suite: what its table in the file of expected failures is called."""

    name: str
    arguments: tuple[str, ...]


RUNS = (
    Run(name="2026-07-28", arguments=("--requirements", "2026-07-28")),
    Run(name="2025-11-25", arguments=("--requirements", "2025-11-25")),
    # The suite has no requirement set for this revision, but it can speak it.
    Run(name="2025-06-18", arguments=("--suite", "all", "--spec-version", "2025-06-18")),
)


AUTHORIZATION = Run(name="authorization", arguments=())
"""The authorization server's own, in every revision: login and consent belong to it."""


class SuiteError(Exception):
    """The suite did not run as it should; the message carries what it printed."""


def run_suite(node_tools: node.NodeTools, run: Run) -> list[ScenarioResult]:
    """Run the suite against a server of its own and return every scenario's result."""
    with tempfile.TemporaryDirectory() as directory:
        if run is AUTHORIZATION:
            printed = authorization.run_suite(node_tools, Path(directory), time_limit=TIME_LIMIT)
        else:
            with running_server() as server:
                printed = _run_scenarios(node_tools, run, server.url, directory)
        # The exit status says too little: it is 0 for a run that skipped everything.
        announced = re.search(r"^Running .*\((\d+) scenarios\)", printed, re.MULTILINE)
        scenarios = re.findall(r"^=== Running scenario: (\S+) ===$", printed, re.MULTILINE)
        if announced is None or not scenarios or len(scenarios) != int(announced[1]):
            raise SuiteError(printed)
        return read_results(Path(directory), scenarios)


def _run_scenarios(node_tools: node.NodeTools, run: Run, url: str, directory: str) -> str:
    finished = subprocess.run(
        [
            *(str(node_tools.node), str(node_tools.conformance), "server", *run.arguments),
            *("--url", url, "--output-dir", directory),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT,
        check=False,
    )
    return finished.stdout


def render(run: Run, results: Sequence[ScenarioResult], verdict: Verdict) -> str:
    """The results of one run as a table, and what is wrong with them below it.

    `~` marks a scenario that fails as expected, at least in part; `!` one with a surprise.
    """
    wrong = {re.split("[: ]", entry)[0] for entry in (*verdict.unexpected, *verdict.stale)}
    lines = [f"{run.name:<52}{'passed':>8}{'failed':>8}{'warned':>8}{'skipped':>8}"]
    for result in results:
        mark = "!" if result.name in wrong else " " if result.is_clean else "~"
        counts = (result.passed, result.failed, result.warned, result.skipped)
        lines.append(f"{mark} {result.name:<50}" + "".join(f"{len(ids):>8}" for ids in counts))
    clean = sum(result.is_clean for result in results)
    lines.append(
        f"  {clean} of {len(results)} scenarios pass, {len(verdict.expected)} expected failures"
    )
    lines += [f"  unexpected failure: {entry}" for entry in verdict.unexpected]
    lines += [f"  expected to fail, but passes or was not run: {entry}" for entry in verdict.stale]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.interop.conformance")
    runs = (*RUNS, AUTHORIZATION)
    parser.add_argument("--run", choices=[run.name for run in runs], help="only this one")
    chosen = parser.parse_args().run
    try:
        node_tools = node.install()
    except node.NodeUnavailableError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return node.UNAVAILABLE
    verdicts: list[Verdict] = []
    for run in runs:
        if chosen in (None, run.name):
            try:
                results = run_suite(node_tools, run)
            except SuiteError as error:
                print(f"conformance: the suite did not run for {run.name}:\n{error}")
                return 1
            verdict = compare(results, read_expected(EXPECTED_FAILURES, run.name))
            print(render(run, results, verdict), end="\n\n", flush=True)
            verdicts.append(verdict)
    return 0 if all(verdict.is_accepted for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
