"""The legs: every test belongs to one, and two that run at once do not get in each other's way."""

import itertools
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.leg_runner import ROOT, Leg, Runner
from tests.legs import legs

MARKERS = [
    line.partition(":")[0]
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["markers"]
]
# Several programs at once are needed by no test.
PROGRAMS = ("", "browser", "brokers", "node", "wheel")
OTHERS = [marker for marker in MARKERS if marker not in PROGRAMS]


@cache
def selections() -> Sequence[tuple[str, str, Sequence[str]]]:
    """The name of each usual leg of pytest's, its markers, and its paths.

    Without the leg of the lowest versions, which runs a part of the others again.
    """
    found = []
    for leg in legs():
        for command in leg.commands:
            if leg.usual and "pytest" in command and command[0] == sys.executable:
                after = command[command.index("pytest") :]
                markers, *paths = after[after.index("-m") + 1 :]
                found.append((leg.name, markers, paths or ["tests"]))
    return found


def selecting(*markers: str) -> set[str]:
    """The legs that run a test with these markers."""
    has = {marker: marker in markers for marker in MARKERS}
    return {name for name, expression, _ in selections() if eval(expression, {}, has)}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_test_is_in_a_leg(program: str) -> None:
    for count in range(len(OTHERS) + 1):
        for others in itertools.combinations(OTHERS, count):
            needs_database = {"database"} if "postgres" in others else set()

            assert selecting(program, *needs_database, *others), others


@pytest.mark.parametrize("marker", ["slow", *filter(None, PROGRAMS)])
def test_paths_of_the_legs_hold_every_test_with_their_marker(marker: str) -> None:
    marked = re.compile(rf"pytest\.mark\.{marker}\b|mark_folder\(.*\"{marker}\"")
    files = [path for path in (ROOT / "tests").rglob("*.py") if marked.search(path.read_text())]
    paths = [path for _, markers, paths in selections() if markers == marker for path in paths]

    assert files
    for file in files:
        assert any(file.is_relative_to(ROOT / path) for path in paths), file


def test_what_queries_the_database_runs_on_both_and_what_does_not_runs_once() -> None:
    assert selecting("database") == {"sqlite", "postgres"}
    assert selecting("database", "postgres") == {"postgres"}
    assert selecting() == {"sqlite"}


def test_workers_are_tested_with_both_brokers() -> None:
    assert selecting("brokers") == selecting("brokers", "database") == {"redis", "rabbitmq"}


def python(name: str, program: str, **options: object) -> Leg:
    return Leg(name=name, commands=[(sys.executable, "-c", program)], **options)  # type: ignore[arg-type]


def outcomes(legs: Sequence[Leg]) -> list[tuple[str, str]]:
    return [(verdict.leg, verdict.outcome) for verdict in Runner(legs).run()]


def test_leg_that_waits_runs_beside_one_that_computes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each ends only when the other has begun; what one prints stays in one piece."""
    program = (
        "import pathlib, time\n"
        "print('{own} begins', flush=True)\n"
        "pathlib.Path(r'{folder}', '{own}').touch()\n"
        "while not pathlib.Path(r'{folder}', '{other}').exists(): time.sleep(0.02)\n"
        "print('{own} ends')\n"
    )
    pair = [
        python("left", program.format(own="left", other="right", folder=tmp_path)),
        python("right", program.format(own="right", other="left", folder=tmp_path), waits=True),
    ]

    assert outcomes(pair) == [("left", "passed"), ("right", "passed")]

    printed = capsys.readouterr().out
    for name in ("left", "right"):
        assert f"--- {name} ---\n{name} begins\n{name} ends\n{name} passed after " in printed


def test_leg_that_fails_says_by_which_exit_code() -> None:
    [verdict] = Runner([python("odd", "raise SystemExit(3)")]).run()

    assert (verdict.outcome, verdict.reason, verdict.counts["failed"]) == (
        "failed",
        "exit code 3",
        1,
    )


def test_leg_whose_need_is_absent_is_skipped_or_fails_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = [python("absent", "", obstacle=lambda: "no luck")]
    monkeypatch.delenv("REQUIRE_ALL_LEGS", raising=False)
    assert outcomes(absent) == [("absent", "SKIPPED")]

    monkeypatch.setenv("REQUIRE_ALL_LEGS", "1")
    assert outcomes(absent) == [("absent", "failed")]

    monkeypatch.setenv("OPTIONAL_LEGS", "other absent")
    assert outcomes(absent) == [("absent", "SKIPPED")]


TERMINATED = """
import sys
from tests.leg_runner import Leg, Runner
wait = "import time; print('begun', flush=True); time.sleep(600)"
Runner([Leg(name="long", commands=[(sys.executable, "-c", wait)])]).run()
"""


def test_processes_of_the_legs_end_with_the_runner() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TERMINATED],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "begun\n"
        runner.send_signal(signal.SIGTERM)

        # The pipe is the leg's, too: it ends when both have.
        assert "passed" not in runner.stdout.read()
    assert runner.returncode
