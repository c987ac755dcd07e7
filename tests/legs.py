"""The legs of `make test`: each a process of its own, with its time, its verdict and its reason.

    python -m tests.legs                 every leg
    python -m tests.legs sqlite lint     these legs

The last line counts `N passed, N failed, N skipped`: every pytest test once per leg that ran it,
and every other leg as one. A leg that cannot run here is listed as skipped with the reason; with
REQUIRE_ALL_LEGS=1 that is a failure, except for the legs named in OPTIONAL_LEGS.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
SCHEMAS = ("mcp-2026-07-28.schema.json", "mcp-2025-11-25.schema.json")

# Far above what a leg takes on two cores; a hanging leg must not eat the time of the others.
LEG_SECONDS = 900

PYTEST = ("-m", "pytest", "--numprocesses=2", "--dist=loadfile")
# Tests that mostly wait for the processes that they have started.
WAITING = ("-m", "pytest", "--numprocesses=4", "--dist=loadfile")
# What has a leg of its own is left out of the legs of the databases.
BROWSER = "tests/browser"
DEMO = "tests/example/test_demo.py"
JUDGED = "tests/conformance_project"
INSPECTOR = "tests/interop/test_inspector.py"
TYPESCRIPT = ("tests/interop/test_typescript.py", "tests/interop/test_typescript_login.py")
SERVERS = ("tests/e2e", "tests/hosts")
WHEEL = "tests/wheel"
WORKERS = "tests/workers"
DOCS = "tests/docs"
LEGS_OF_THEIR_OWN = (BROWSER, DEMO, DOCS, INSPECTOR, JUDGED, *SERVERS, *TYPESCRIPT, WHEEL, WORKERS)
SUITE = ("tests", *(f"--ignore={path}" for path in LEGS_OF_THEIR_OWN))
SUMMARY = re.compile(r"^=+ (?P<counts>\d+ \w+.*?) in [\d.]+s.*=+$")
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")
COUNTED_AS = {"error": "failed", "errors": "failed", "xfailed": "skipped", "xpassed": "failed"}

CONNECT = """
import sys, psycopg
try:
    psycopg.connect(sys.argv[1], connect_timeout=5).close()
except psycopg.OperationalError as error:
    sys.exit(str(error).splitlines()[0])
"""
REACH_BROKER = """
import sys
from kombu import Connection
try:
    Connection(sys.argv[1], connect_timeout=5, transport_options={"max_retries": 0}).connect()
except Exception as error:
    sys.exit(f"{sys.argv[1].partition(':')[0]}: {error}")
"""
CHECK_SCHEMAS = """
import json, pathlib, sys
from jsonschema import Draft202012Validator
for name in sys.argv[1:]:
    Draft202012Validator.check_schema(json.loads(pathlib.Path(name).read_text()))
    print("valid", name)
"""


def always() -> str:
    """No reason to skip."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One thing that is tested: `commands` run in order until one fails.

    `obstacle` returns why the leg cannot run here, or nothing. `prepare` makes what the leg needs;
    if that fails, the leg is skipped for the reason in its last line.
    """

    name: str
    commands: Sequence[Sequence[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    obstacle: Callable[[], str] = always
    prepare: Sequence[str] = ()


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


def postgres_url() -> str:
    """Where the tests look for PostgreSQL: DATABASE_URL, then libpq's own variables."""
    configured = os.environ.get("DATABASE_URL", "")
    if urlsplit(configured).scheme in {"postgres", "postgresql"}:
        return configured
    host = quote(os.environ.get("PGHOST", "127.0.0.1"), safe="")
    port = os.environ.get("PGPORT", "5432")
    user = quote(os.environ.get("PGUSER", "postgres"), safe="")
    password = quote(os.environ.get("PGPASSWORD", ""), safe="")
    database = quote(os.environ.get("PGDATABASE", "postgres"), safe="")
    return f"postgres://{user}{':' if password else ''}{password}@{host}:{port}/{database}"


def no_postgres() -> str:
    answer = subprocess.run(
        [PYTHON, "-c", CONNECT, postgres_url()], capture_output=True, text=True, check=False
    )
    return answer.stderr.strip() if answer.returncode else ""


def redis_url() -> str:
    """Where the tests look for Redis."""
    return os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/7")


def rabbitmq_url() -> str:
    """Where the tests look for RabbitMQ."""
    return os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")


def no_broker(url: str) -> str:
    answer = subprocess.run(
        [PYTHON, "-c", REACH_BROKER, url], capture_output=True, text=True, check=False
    )
    lines = answer.stderr.strip().splitlines() or [f"exit code {answer.returncode}"]
    return lines[-1] if answer.returncode else ""


def no_redis() -> str:
    if not shutil.which("redis-server"):
        return "redis-server is not installed, and the tests start one of their own"
    return no_broker(redis_url())


def no_rabbitmq() -> str:
    return no_broker(rabbitmq_url()) or no_postgres()


def no_schemas() -> str:
    folder = os.environ.get("MCP_SPEC_DIR")
    if not folder:
        return "MCP_SPEC_DIR names no folder with the official schemas"
    missing = [name for name in SCHEMAS if not (Path(folder) / name).is_file()]
    return f"MCP_SPEC_DIR lacks {' and '.join(missing)}" if missing else ""


def no_browser() -> str:
    browsers = ("chromium", "chromium-browser", "google-chrome")
    if not any(shutil.which(name) for name in browsers):
        return "Chromium is not installed"
    return "" if shutil.which("chromedriver") else "chromedriver is not installed"


def no_measurement() -> str:
    if any(ROOT.glob(".coverage.*")):
        return ""
    return "nothing was measured: run it together with the sqlite leg"


def legs() -> list[Leg]:
    """Every leg, in the order in which they run: the quickest verdicts first."""
    coverage = (PYTHON, "-m", "coverage")
    judge_tools = (PYTHON, "-m", "tests.interop.node")
    schemas = [str(Path(os.environ.get("MCP_SPEC_DIR", "")) / name) for name in SCHEMAS]
    return [
        Leg(
            name="lint",
            commands=[
                (PYTHON, "-m", "ruff", "check", "."),
                (PYTHON, "-m", "ruff", "format", "--check", "."),
            ],
        ),
        Leg(name="types", commands=[(PYTHON, "-m", "mypy")]),
        Leg(name="imports", commands=[(str(Path(PYTHON).parent / "lint-imports"),)]),
        Leg(
            name="migrations",
            commands=[
                (PYTHON, "-m", "django", "makemigrations", "--check", "--dry-run"),
            ],
            environment={"DJANGO_SETTINGS_MODULE": "tests.settings"},
        ),
        Leg(name="wheel", commands=[(PYTHON, "-m", "pytest", WHEEL)]),
        Leg(
            name="schemas",
            commands=[(PYTHON, "-c", CHECK_SCHEMAS, *schemas)],
            obstacle=no_schemas,
        ),
        # Measured on one database, because no line of the package but a check's is for one alone.
        Leg(name="sqlite", commands=[(*coverage, "run", *PYTEST, *SUITE)]),
        Leg(
            name="postgres",
            commands=[(PYTHON, *PYTEST, *SUITE)],
            environment={"DATABASE_URL": postgres_url()},
            obstacle=no_postgres,
        ),
        # Processes that answer as the suite does in this one: once, on what users run.
        Leg(
            name="servers",
            commands=[(PYTHON, *WAITING, *SERVERS)],
            environment={"DATABASE_URL": "" if no_postgres() else postgres_url()},
        ),
        # Each broker with one database: what a worker writes is tested with both elsewhere.
        Leg(
            name="redis",
            commands=[(PYTHON, *WAITING, WORKERS)],
            environment={"BROKER_URL": redis_url()},
            obstacle=no_redis,
        ),
        Leg(
            name="rabbitmq",
            commands=[(PYTHON, *WAITING, WORKERS)],
            environment={"BROKER_URL": rabbitmq_url(), "DATABASE_URL": postgres_url()},
            obstacle=no_rabbitmq,
        ),
        Leg(
            name="coverage",
            commands=[(*coverage, "combine", "--quiet"), (*coverage, "report")],
            obstacle=no_measurement,
        ),
        # They bring databases of their own, so once is enough.
        Leg(name="projects", commands=[(PYTHON, *WAITING, DEMO, JUDGED)]),
        Leg(
            name="browser",
            commands=[(PYTHON, *PYTEST, BROWSER)],
            obstacle=no_browser,
        ),
        Leg(
            name="docs",
            commands=[
                (PYTHON, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", "build/docs"),
                (PYTHON, *WAITING, DOCS),
            ],
            # The tutorial ends with the Inspector.
            prepare=judge_tools,
        ),
        Leg(
            name="inspector",
            commands=[(PYTHON, "-m", "pytest", INSPECTOR)],
            prepare=judge_tools,
        ),
        Leg(
            name="typescript",
            commands=[(PYTHON, "-m", "pytest", *TYPESCRIPT)],
            prepare=judge_tools,
        ),
        Leg(
            name="conformance",
            commands=[(PYTHON, "-m", "tests.interop.conformance")],
            prepare=judge_tools,
        ),
    ]


def stream(command: Sequence[str], environment: Mapping[str, str]) -> Ending:
    """Run one command, passing its output on as it comes."""
    counts: Counter[str] = Counter()
    line = ""
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
    limit = threading.Timer(LEG_SECONDS, kill_group, [process.pid])
    limit.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if summary := SUMMARY.match(line.rstrip()):
                for number, word in COUNT.findall(summary["counts"]):
                    counts[COUNTED_AS.get(word, word)] += int(number)
        code = process.wait()
    finally:
        limit.cancel()
        kill_group(process.pid)
    return Ending(code=code, counts=counts, last_line=line.strip())


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def run(leg: Leg) -> Verdict:
    """Run one leg and judge it by its exit codes."""
    print(f"\n--- {leg.name} ---", flush=True)
    if reason := leg.obstacle():
        print(f"skipped: {reason}", flush=True)
        return skipped(leg, reason)
    inherited = {
        name: value
        for name, value in os.environ.items()
        # Each leg says itself which database and settings it uses.
        if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    environment = {**inherited, **leg.environment}
    started = time.monotonic()
    if leg.prepare:
        preparation = stream(leg.prepare, environment)
        if preparation.code:
            return skipped(leg, preparation.last_line)
    counts: Counter[str] = Counter()
    for command in leg.commands:
        ending = stream(command, environment)
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


def main(names: Sequence[str]) -> int:
    known = {leg.name: leg for leg in legs()}
    if unknown := [name for name in names if name not in known]:
        print(f"No leg named {', '.join(unknown)}. The legs: {', '.join(known)}", file=sys.stderr)
        return 2
    for measured in ROOT.glob(".coverage*"):
        if measured.is_file():
            measured.unlink()
    verdicts = [run(leg) for leg in known.values() if not names or leg.name in names]
    report(verdicts)
    return 1 if any(verdict.outcome == "failed" for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
