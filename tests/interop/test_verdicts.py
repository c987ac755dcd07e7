import json
from pathlib import Path

import pytest

from tests.interop.conformance import EXPECTED_FAILURES, RUNS
from tests.interop.verdicts import ScenarioResult, Verdict, compare, read_expected, read_results

CLEAN = ScenarioResult(name="tools-list", passed=frozenset({"listed", "wire-schema-valid"}))
FAILING = ScenarioResult(
    name="caching", passed=frozenset({"tools"}), failed=frozenset({"prompts", "resources"})
)
EMPTY = ScenarioResult(name="empty", passed=frozenset({"wire-schema-valid"}))
SKIPPED = ScenarioResult(
    name="polling", passed=frozenset({"wire-schema-valid"}), skipped=frozenset({"resumed"})
)


@pytest.mark.parametrize(
    ("expected", "verdict"),
    [
        (
            [],
            Verdict(
                expected=(),
                unexpected=(
                    "caching:prompts",
                    "caching:resources",
                    "empty (no check passed)",
                    "polling:resumed",
                ),
                stale=(),
            ),
        ),
        (
            ["caching", "empty", "polling"],
            Verdict(expected=("caching", "empty", "polling"), unexpected=(), stale=()),
        ),
        (
            ["caching:prompts", "empty", "polling:resumed"],
            Verdict(
                expected=("caching:prompts", "empty", "polling:resumed"),
                unexpected=("caching:resources",),
                stale=(),
            ),
        ),
        (
            ["caching", "caching:tools", "empty", "gone", "polling", "tools-list"],
            Verdict(
                expected=("caching", "empty", "polling"),
                unexpected=(),
                stale=("caching:tools", "gone", "tools-list"),
            ),
        ),
    ],
    ids=["nothing expected", "scenarios expected", "one check expected", "stale entries"],
)
def test_results_are_held_against_the_expected_failures(
    expected: list[str], verdict: Verdict
) -> None:
    assert compare([CLEAN, FAILING, EMPTY, SKIPPED], expected) == verdict


def test_check_that_passes_once_and_fails_once_has_failed() -> None:
    result = ScenarioResult(name="s", passed=frozenset({"a", "b"}), failed=frozenset({"a"}))

    assert compare([result], ["s:a"]) == Verdict(expected=("s:a",), unexpected=(), stale=())


@pytest.mark.parametrize("role", ["server", "authorization-server"])
def test_scenario_that_left_no_results_has_passed_nothing(tmp_path: Path, role: str) -> None:
    finished = tmp_path / f"{role}-tools-list-2026-01-02T03-04-05-006Z"
    finished.mkdir()
    (finished / "checks.json").write_text(
        json.dumps([{"id": "listed", "status": "SUCCESS"}, {"id": "named", "status": "INFO"}])
    )

    results = read_results(tmp_path, ["tools-list", "ping"])

    assert results == [
        ScenarioResult(name="tools-list", passed=frozenset({"listed"})),
        ScenarioResult(name="ping"),
    ]
    assert [result.is_clean for result in results] == [True, False]


@pytest.mark.parametrize("run", [run.name for run in RUNS])
def test_expected_failures_name_each_entry_once(run: str) -> None:
    expected = read_expected(EXPECTED_FAILURES, run)

    assert expected
    assert len(set(expected)) == len(expected)
