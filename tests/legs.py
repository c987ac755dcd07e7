"""The one list of legs, from which `make test`, tox and CI are made.

    python -m tests.legs                 every usual leg
    python -m tests.legs sqlite lint     these legs

A leg selects its tests by the markers that `pyproject.toml` declares. The last line counts
`N passed, N failed, N skipped`: every pytest test once per leg that ran it, and every other leg as
one. A leg that cannot run here is listed as skipped with the reason; with REQUIRE_ALL_LEGS=1 that
is a failure, except for the legs named in OPTIONAL_LEGS.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests import floors
from tests.leg_runner import Leg, main

PYTHON = sys.executable
SCHEMAS = ("mcp-2026-07-28.schema.json", "mcp-2025-11-25.schema.json")

PYTEST = ("-m", "pytest", "--dist=loadfile")
COMPUTING = (*PYTEST, "--numprocesses=2", "-m")
# Tests that mostly wait for the processes that they have started.
WAITING = (*PYTEST, "--numprocesses=4", "-m")

# What needs a program of its own has a leg of its own.
PROGRAMS = "browser or brokers or node or wheel"
SUITE = f"not ({PROGRAMS} or slow)"
# Where these tests are; to collect all the others takes each process of pytest's ten seconds.
BROWSER = ("browser", "tests/browser")
BROKERS = ("brokers", "tests/workers")
# Processes that share a cache, whatever their broker is: with one.
SHARED_CACHE = tuple(
    f"--ignore=tests/workers/test_{name}.py"
    for name in ("breakers", "budgets", "cache", "concurrency", "counters", "rates")
)
NODE = ("node", "tests/interop")
SERVERS = (
    "slow",
    "tests/conformance_project",
    "tests/e2e",
    "tests/example",
    "tests/hosts",
    "tests/primitives",
)
DOCS = ("slow", "tests/docs")
WHEEL = ("wheel", "tests/wheel")
# Where the package leans on others, without the long searches for disagreements between them.
LOWEST = (
    "tests/auth",
    "tests/background",
    "tests/contrib/drf/schemas",
    "tests/models",
    "tests/policy",
    "tests/test_audit.py",
    "tests/test_calls.py",
    "tests/test_threads.py",
    "tests/tools",
    # FastMCP does not install with the floors.
    "--ignore=tests/tools/adopted",
    "--ignore=tests/tools/test_agreement.py",
    "--ignore=tests/tools/test_result_agreement.py",
    "tests/wheel/test_contents.py",
)

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


def legs() -> list[Leg]:
    """Every leg, in the order in which they are begun: the quickest verdicts first."""
    coverage = (PYTHON, "-m", "coverage")
    node_tools = (PYTHON, "-m", "tests.interop.node")
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
        Leg(
            name="schemas",
            commands=[(PYTHON, "-c", CHECK_SCHEMAS, *schemas)],
            obstacle=no_schemas,
        ),
        # Measured on one database, because no line of the package but a check's is for one alone.
        Leg(
            name="sqlite",
            commands=[
                (*coverage, "run", *COMPUTING, f"{SUITE} and not postgres"),
                (*coverage, "combine", "--quiet"),
                (*coverage, "report"),
            ],
        ),
        # What queries no database has run already.
        Leg(
            name="postgres",
            commands=[(PYTHON, *COMPUTING, f"{SUITE} and database")],
            environment={"DATABASE_URL": postgres_url()},
            obstacle=no_postgres,
        ),
        Leg(
            name="browser",
            commands=[(PYTHON, *COMPUTING, *BROWSER)],
            obstacle=no_browser,
        ),
        Leg(name="wheel", commands=[(PYTHON, *PYTEST, "-m", *WHEEL)], waits=True),
        # Processes that answer as the suite does in this one: once, on what users run.
        Leg(
            name="servers",
            commands=[(PYTHON, *WAITING, *SERVERS)],
            environment={"DATABASE_URL": "" if no_postgres() else postgres_url()},
            waits=True,
        ),
        # Each broker with one database: what a worker writes is tested with both elsewhere.
        Leg(
            name="redis",
            commands=[(PYTHON, *WAITING, *BROKERS)],
            environment={"BROKER_URL": redis_url()},
            obstacle=no_redis,
            waits=True,
        ),
        Leg(
            name="rabbitmq",
            commands=[(PYTHON, *WAITING, *BROKERS, *SHARED_CACHE)],
            environment={"BROKER_URL": rabbitmq_url(), "DATABASE_URL": postgres_url()},
            obstacle=no_rabbitmq,
            waits=True,
        ),
        Leg(
            name="docs",
            commands=[
                (PYTHON, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", "build/docs"),
                (PYTHON, *WAITING, *DOCS),
            ],
            # The tutorial ends with the Inspector.
            prepare=node_tools,
            waits=True,
        ),
        Leg(
            name="node",
            commands=[(PYTHON, *PYTEST, "-m", *NODE)],
            prepare=node_tools,
            waits=True,
        ),
        Leg(
            name="conformance",
            commands=[(PYTHON, "-m", "tests.interop.conformance")],
            prepare=node_tools,
            waits=True,
        ),
        # Every floor in pyproject.toml, each in a part of the suite that leans on it.
        Leg(
            name="lowest",
            commands=[
                (PYTHON, "-m", "tests.floors"),
                (str(floors.PYTHON), *COMPUTING, SUITE, *LOWEST),
            ],
            obstacle=floors.obstacle,
        ),
        # For tox, with each Python and Django, on the database that DATABASE_URL names there.
        Leg(
            name="versions",
            # What this process was told about warnings holds for the tests.
            commands=[
                (
                    PYTHON,
                    *(f"-W{option}" for option in sys.warnoptions),
                    *COMPUTING,
                    f"not ({PROGRAMS})",
                )
            ],
            environment={"DATABASE_URL": os.environ.get("DATABASE_URL", "")},
            usual=False,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(legs(), sys.argv[1:]))
