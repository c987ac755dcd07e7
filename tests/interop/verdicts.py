"""What a run of the official suite amounts to: its results against the expected failures."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Added by the suite to every scenario, so passing it says nothing about the scenario itself.
WIRE_CHECKS = frozenset({"wire-schema-valid", "wire-schema-harness-error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResult:
    """The checks of one scenario, by what became of them.

    A warning is a SHOULD not followed. What is skipped is for a feature that the server does not
    advertise, or for want of something to judge.
    """

    name: str
    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()

    @property
    def not_passed(self) -> frozenset[str]:
        """The checks that failed, warned or were skipped."""
        return self.failed | self.warned | self.skipped

    @property
    def verified_something(self) -> bool:
        """Whether a check of the scenario's own passed: one that was skipped whole has not."""
        return bool(self.passed - self.not_passed - WIRE_CHECKS)

    @property
    def is_clean(self) -> bool:
        return self.verified_something and not self.not_passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`unexpected` and `stale` name scenarios or `scenario:check`; both empty means acceptance."""

    expected: tuple[str, ...]
    unexpected: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def is_accepted(self) -> bool:
        return not self.unexpected and not self.stale


def read_results(directory: Path, scenarios: Iterable[str]) -> list[ScenarioResult]:
    """Read what the suite wrote to its output directory for each of the scenarios that it ran.

    A scenario that left no results is there too, without a single passed check.
    """
    by_name = {_scenario(file.parent.name): file for file in directory.glob("*/checks.json")}
    return [_read_scenario(name, by_name.get(name)) for name in scenarios]


def _scenario(directory: str) -> str:
    return re.sub(r"^(?:authorization-)?server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$", r"\1", directory)


def _read_scenario(name: str, file: Path | None) -> ScenarioResult:
    checks = json.loads(file.read_text()) if file is not None else []

    def ids(status: str) -> frozenset[str]:
        return frozenset(check["id"] for check in checks if check["status"] == status)

    return ScenarioResult(
        name=name,
        passed=ids("SUCCESS"),
        failed=ids("FAILURE"),
        warned=ids("WARNING"),
        skipped=ids("SKIPPED"),
    )


def read_expected(file: Path, run: str) -> list[str]:
    """Return the expected failures of one run, whichever missing feature they are listed under."""
    features: Mapping[str, list[str]] = tomllib.loads(file.read_text()).get(run, {})
    return [entry for entries in features.values() for entry in entries]


def compare(results: Iterable[ScenarioResult], expected: Iterable[str]) -> Verdict:
    """Hold results against expectations.

    An entry `scenario` excuses the whole scenario, `scenario:check` one check of it. An entry is
    stale when what it names passes, or was not run at all.
    """
    by_name = {result.name: result for result in results}
    entries = sorted(set(expected))
    excused: list[str] = []
    unexpected: list[str] = []
    stale: list[str] = []
    for entry in entries:
        name, _, check = entry.partition(":")
        result = by_name.get(name)
        if result is None:
            stale.append(entry)
        elif check:
            # A check that is skipped or was never reached proves nothing either way.
            passes = check in result.passed - result.not_passed
            (stale if passes else excused).append(entry)
        else:
            (stale if result.is_clean else excused).append(entry)
    for name, result in by_name.items():
        if name in entries or result.is_clean:
            continue
        bad = {f"{name}:{check}" for check in result.not_passed}
        unexpected.extend(sorted(bad.difference(entries)))
        if not bad:
            unexpected.append(f"{name} (no check passed)")
    return Verdict(expected=tuple(excused), unexpected=tuple(unexpected), stale=tuple(stale))
