"""The runner of the legs: two at a time, each with its time, its verdict and its reason."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Far above what a leg takes beside another on two cores; one that hangs must not take all day.
LEG_SECONDS = 1500

SUMMARY = re.compile(r"^=+ (?P<counts>\d+ \w+.*?) in [\d.]+s.*=+$")
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")
COUNTED_AS = {"error": "failed", "errors": "failed", "xfailed": "skipped", "xpassed": "failed"}


def always() -> str:
    """No reason to skip."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One thing that is tested: `commands` run in order until one fails.

    `obstacle` returns why the leg cannot run here, or nothing. `prepare` makes what the leg needs;
    if that fails, the leg is skipped for the reason in its last line. A leg that `waits` leaves
    the processor to others most of the time. One that is not `usual` runs only where it is named.
    """

    name: str
    commands: Sequence[Sequence[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    obstacle: Callable[[], str] = always
    prepare: Sequence[str] = ()
    waits: bool = False
    usual: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one command ended, and what pytest counted if it was pytest."""

    code: int
    counts: Mapping[str, int]
    last_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one leg ended."""

    leg: str
    outcome: str
    seconds: float = 0.0
    reason: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


class Runner:
    """Runs legs, those that wait beside those that compute.

    What a leg prints is printed as it comes if it runs alone, else in one piece when it has ended.
    """

    def __init__(self, legs: Sequence[Leg]) -> None:
        self._legs = legs
        self._left = deque(legs)
        self._started: set[int] = set()
        self._verdicts: dict[str, Verdict] = {}
        self._lock = threading.Lock()
        # Two legs may need the same installation.
        self._preparation = threading.Lock()
        self._is_live = len(legs) == 1

    def run(self) -> list[Verdict]:
        """Return the verdicts in the order of the legs."""
        with ThreadPoolExecutor(2) as executor, self._ended():
            lanes = [executor.submit(self._run_lane, waits) for waits in (False, True)]
            for lane in lanes:
                lane.result()
        return [self._verdicts[leg.name] for leg in self._legs]

    @contextmanager
    def _ended(self) -> Iterator[None]:
        """End what runs when this process is interrupted or terminated."""
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            yield
        except BaseException:
            with self._lock:
                self._left.clear()
                for leader in self._started:
                    kill_group(leader)
            raise
        finally:
            signal.signal(signal.SIGTERM, before)

    def _run_lane(self, waits: bool) -> None:
        while leg := self._take(waits):
            output: list[str] = []
            verdict = self._run_leg(leg, output)
            with self._lock:
                self._verdicts[leg.name] = verdict
                if not self._is_live:
                    print(f"\n--- {leg.name} ---\n{''.join(output)}", end="")
                print(f"{leg.name} {verdict.outcome} after {verdict.seconds:.1f} s", flush=True)

    def _take(self, waits: bool) -> Leg | None:
        """The next leg of this kind, or else of the other."""
        with self._lock:
            leg = next((leg for leg in self._left if leg.waits is waits), None)
            if leg is None and self._left:
                leg = self._left[0]
            if leg is not None:
                self._left.remove(leg)
                if not self._is_live:
                    print(f"{leg.name} begins", flush=True)
            return leg

    def _run_leg(self, leg: Leg, output: list[str]) -> Verdict:
        """Run one leg and judge it by its exit codes."""
        if reason := leg.obstacle():
            return skipped(leg, reason)
        inherited = {
            name: value
            for name, value in os.environ.items()
            # Each leg says itself which database and settings it uses.
            if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
        }
        environment = {**inherited, "TEST_LEG": leg.name, **leg.environment}
        started = time.monotonic()
        if leg.prepare:
            with self._preparation:
                preparation = self._stream(leg.prepare, environment, output)
            if preparation.code:
                return skipped(leg, preparation.last_line)
        counts: Counter[str] = Counter()
        for command in leg.commands:
            ending = self._stream(command, environment, output)
            counts.update(ending.counts)
            code = ending.code
            if code:
                break
        seconds = time.monotonic() - started
        if code and not counts["failed"]:
            counts["failed"] = 1
        elif not counts:
            counts["passed"] = 1
        reason = ""
        if code:
            reason = f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"
        return Verdict(
            leg=leg.name,
            outcome="failed" if code else "passed",
            seconds=seconds,
            reason=reason,
            counts=counts,
        )

    def _stream(
        self, command: Sequence[str], environment: Mapping[str, str], output: list[str]
    ) -> Ending:
        """Run one command, and pass its output on."""
        counts: Counter[str] = Counter()
        line = ""
        with self._lock:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # Its own group, so that the servers it started end with it.
                start_new_session=True,
            )
            self._started.add(process.pid)
        limit = threading.Timer(LEG_SECONDS, kill_group, [process.pid])
        limit.start()
        try:
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    if self._is_live:
                        print(line, end="", flush=True)
                    output.append(line)
                    if summary := SUMMARY.match(line.rstrip()):
                        for number, word in COUNT.findall(summary["counts"]):
                            counts[COUNTED_AS.get(word, word)] += int(number)
            code = process.wait()
        finally:
            limit.cancel()
            kill_group(process.pid)
            with self._lock:
                self._started.discard(process.pid)
        return Ending(code=code, counts=counts, last_line=line.strip())


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def skipped(leg: Leg, reason: str) -> Verdict:
    optional = os.environ.get("OPTIONAL_LEGS", "").split()
    if os.environ.get("REQUIRE_ALL_LEGS") == "1" and leg.name not in optional:
        return Verdict(
            leg=leg.name, outcome="failed", reason=f"required: {reason}", counts={"failed": 1}
        )
    return Verdict(leg=leg.name, outcome="SKIPPED", reason=reason, counts={"skipped": 1})


def report(verdicts: Sequence[Verdict]) -> None:
    """Print the table of legs and, alone on the last line, the counts."""
    print()
    for verdict in verdicts:
        counts = ", ".join(f"{number} {word}" for word, number in verdict.counts.items() if number)
        note = verdict.reason if verdict.outcome == "SKIPPED" else counts
        if verdict.outcome == "failed":
            note = f"{counts} ({verdict.reason})"
        print(f"{verdict.leg:<12} {verdict.outcome:<8} {verdict.seconds:>6.1f} s  {note}")
    total: Counter[str] = Counter()
    for verdict in verdicts:
        total.update(verdict.counts)
    print()
    print(
        f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped",
        flush=True,
    )


def main(legs: Sequence[Leg], names: Sequence[str]) -> int:
    """Run the legs with these names, or all usual ones; return the exit status."""
    known = {leg.name: leg for leg in legs}
    if unknown := [name for name in names if name not in known]:
        print(f"No leg named {', '.join(unknown)}. The legs: {', '.join(known)}", file=sys.stderr)
        return 2
    for measured in ROOT.glob(".coverage*"):
        if measured.is_file():
            measured.unlink()
    wanted = [leg for leg in legs if (leg.name in names if names else leg.usual)]
    started = time.monotonic()
    verdicts = Runner(wanted).run()
    print(f"\n{len(wanted)} legs in {time.monotonic() - started:.0f} s", flush=True)
    report(verdicts)
    return 1 if any(verdict.outcome == "failed" for verdict in verdicts) else 0
