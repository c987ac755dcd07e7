"""What a page of `resources/list` costs with few and with many rows behind it.

    python -m benchmarks.resource_list [sqlite] [postgres]

Two users have expenses of their own in one table, and list them as resources at the endpoint of the
example project, in one process. First pages, and pages from the middle, are asked for in turn. The
ratio is of processor time and waiting together, of many rows to few; it and the number of queries
are aims.
"""

import argparse
import asyncio
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import django
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.test.utils import CaptureQueriesContext, override_settings

from benchmarks.database import temporary_database
from benchmarks.report import Aim, markdown_table, middle

FEW, MANY = 1_000, 100_000
PAGE_SIZE = 100
STRIDE = 500
"""Rows of the pages by which the middle is reached: a page that takes long is sent as a stream."""
ROUNDS = 60
MOST = 1.5
"""Times as long as with few rows that a page may take with many."""
HEADER = ("Page", "Rows", "Median, ms", "Ratio", "Queries of rows")
DAYS = 3_650
LIST = "resources/list"
VERSION = "2025-11-25"


class ByName:
    """Authenticator that believes a caller's name."""

    credential_headers = ("authorization",)

    def authenticate(self, peer: Any, endpoint: Any) -> Any:
        from django.contrib.auth.models import User

        from django_mcp import Principal

        user = User.objects.get(username=peer.headers["authorization"])
        return Principal(endpoint=endpoint, user=user)

    def challenge(self, challenge: Any, endpoint: Any) -> str:
        return "Name"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resource_list")
    parser.add_argument("databases", nargs="*", help="sqlite, postgres; both unless named")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        sys.exit(measure())
    is_met = True
    for name in arguments.databases or ["sqlite", "postgres"]:
        with ExitStack() as stack:
            if name == "postgres":
                url = stack.enter_context(temporary_database()).url
            else:
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                url = f"sqlite:///{Path(folder) / 'list.sqlite3'}"
            # A process of its own, because settings are read once.
            environment = os.environ | {
                "DATABASE_URL": url,
                "DEBUG": "false",
                "SECRET_KEY": "only-for-benchmarks",
                "ALLOWED_HOSTS": "testserver",
                "DJANGO_SETTINGS_MODULE": "example_project.settings",
            }
            command = [sys.executable, "-m", "benchmarks.resource_list", "--here"]
            is_met &= subprocess.run(command, env=environment, check=False).returncode == 0
    sys.exit(0 if is_met else "An aim was missed.")


def measure() -> int:
    """Fill the database of this process, and print what was measured; 1 if an aim is missed."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    from django.db import connection

    fill({"few": FEW, "many": MANY})
    # PostgreSQL's autovacuum does so in use, and SQLite plans by its indexes all the same.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    authenticators = [f"benchmarks.resource_list.{ByName.__name__}"]
    with (
        override_settings(
            DJANGO_MCP_AUTHENTICATORS=authenticators, DJANGO_MCP_LIST_PAGE_SIZE=PAGE_SIZE
        ),
        application_of_expenses() as application,
    ):
        rows, aims = compared(application)
    print(f"\n{connection.vendor}: pages of {PAGE_SIZE} of {FEW:,} and of {MANY:,} rows\n")
    print("\n".join(markdown_table(HEADER, rows)))
    print("\n".join(f"- {a.wanted}: {a.measured}, {a.verdict}" for a in aims), flush=True)
    return int(not all(each.is_met for each in aims))


def fill(counts: dict[str, int]) -> None:
    """Give each user so many expenses, spread over ten years."""
    from django.contrib.auth.models import User

    from example_project.expenses.models import Category, Expense

    category = Category.objects.create(name="food")
    today = datetime.date(2026, 6, 30)
    for name, count in counts.items():
        owner = User.objects.create_user(name)
        Expense.objects.bulk_create(
            (
                Expense(
                    owner=owner,
                    category=category,
                    amount=1,
                    payee=f"Shop {number}",
                    spent_on=today - datetime.timedelta(days=number % DAYS),
                )
                for number in range(count)
            ),
            batch_size=10_000,
        )


@contextmanager
def application_of_expenses() -> Iterator[Any]:
    """The endpoint, with the expenses of each user as its only resources."""
    from django.core.asgi import get_asgi_application

    from django_mcp import resource_for
    from django_mcp.asgi import mount
    from django_mcp.models import ToolGroup
    from django_mcp.primitives.declaration import collecting
    from django_mcp.primitives.registry import build, using_registry
    from example_project.expenses.models import Expense

    def expenses_of(user: Any) -> Any:
        return Expense.objects.filter(owner=user)

    with collecting() as declared:
        resource_for(
            Expense,
            uri="expense://{pk}",
            fields=["payee", "amount"],
            queryset=expenses_of,
            entry_title="payee",
            group="expenses",
        )
    ToolGroup.objects.update_or_create(name="expenses", defaults={"enabled": True})
    with using_registry(build(declared)):
        yield mount(get_asgi_application())


def compared(application: Any) -> tuple[list[list[str]], list[Aim]]:
    rows, aims = [], []
    middles: dict[str, str | None] = {
        "few": cursor_after(application, "few", FEW // 2),
        "many": cursor_after(application, "many", MANY // 2),
    }
    beginnings: dict[str, str | None] = {"few": None, "many": None}
    for page, cursors in {"first": beginnings, "middle": middles}.items():
        times: dict[str, list[float]] = {"few": [], "many": []}
        for _ in range(ROUNDS):
            for name, cursor in cursors.items():
                started = time.perf_counter()
                listed(application, name, cursor)
                times[name].append((time.perf_counter() - started) * 1000)
        ratio = middle([b / a for a, b in zip(times["few"], times["many"], strict=True)])
        for name, count in (("few", FEW), ("many", MANY)):
            queries = queries_of_rows(application, name, cursors[name])
            shown = f"{ratio:.2f}" if name == "many" else "1.00"
            rows.append([page, f"{count:,}", f"{middle(times[name]):.1f}", shown, str(queries)])
            aims.append(
                Aim(
                    wanted=f"One query for the {page} page of {count:,} rows",
                    measured=str(queries),
                    is_met=queries == 1,
                )
            )
        aims.append(
            Aim(
                wanted=f"At most {MOST:g} times as long for the {page} page of {MANY:,} rows",
                measured=f"{ratio:.2f}",
                is_met=ratio <= MOST,
            )
        )
    return rows, aims


def cursor_after(application: Any, name: str, count: int) -> str:
    """The cursor of the page after so many rows, a multiple of `STRIDE`."""
    cursor: str | None = None
    with override_settings(DJANGO_MCP_LIST_PAGE_SIZE=STRIDE):
        for _ in range(count // STRIDE):
            cursor = listed(application, name, cursor)["nextCursor"]
    assert cursor is not None
    return cursor


def queries_of_rows(application: Any, name: str, cursor: str | None) -> int:
    from django.db import connection

    with CaptureQueriesContext(connection) as queries:
        listed(application, name, cursor)
    return sum("expenses_expense" in each["sql"] for each in queries)


def listed(application: Any, name: str, cursor: str | None) -> dict[str, Any]:
    """The result of `resources/list`, asked for by this user, on this thread."""
    from django_mcp.testing.inline import inline

    params = {} if cursor is None else {"cursor": cursor}
    message = {"jsonrpc": "2.0", "id": 1, "method": LIST, "params": params}
    received: list[dict[str, Any]] = [
        {"type": "http.request", "body": json.dumps(message).encode(), "more_body": False}
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not received:
            await asyncio.Event().wait()  # for the end of the response
        return received.pop()

    async def send(part: dict[str, Any]) -> None:
        sent.append(part)

    headers = {
        "host": "testserver",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": VERSION,
        "authorization": name,
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "query_string": b"",
        "root_path": "",
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("testserver", 80),
    }
    with inline():
        async_to_sync(application)(scope, receive, send)
    answer = json.loads(b"".join(part.get("body", b"") for part in sent))
    if not answer.get("result", {}).get("resources"):
        sys.exit(f"error: {answer}")
    result: dict[str, Any] = answer["result"]
    return result


if __name__ == "__main__":
    main()
