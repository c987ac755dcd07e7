"""The tour of the slow tools, which run in the background: a year's statements, and its report."""

import asyncio
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import httpx2
from mcp.client.client import Client
from openpyxl import load_workbook

from example_project.demo import terminal
from example_project.demo.browser import PATIENCE, signed_in
from example_project.demo.client import UnexpectedError, connect, expect, structured
from example_project.demo.operator import Operator
from example_project.demo.statements import monthly_statements, spent
from example_project.demo.tokens import Tokens
from example_project.expenses.money import format_amount

MONTHS = 12
SHOWN = 4
"""The number of categories of the report that are shown."""

TOOLS = {"build_annual_report", "import_statements"}

RECORD = [
    ("import_statements", "demo", "ok"),
    ("build_annual_report", "demo", "ok"),
]
"""Expected records of the tour's calls: the tool, the user, the outcome."""


async def walk(url: str, tokens: Tokens, operator: Operator, today: date) -> None:
    """Import, build, open; raises `UnexpectedError` where the server or its worker disappoints."""
    # The whole of last year; what the first statement has of it is passed over.
    year = today.year - 1
    statements = monthly_statements(year)
    amounts = [amount for statement in statements for amount in spent(statement)]
    async with connect(url, tokens.demo) as client:
        terminal.heading("Slow work is done in the background, by Celery's worker")
        await _import_statements(client, year, statements, count=len(amounts))
    # Clients of the revisions before 2026-07-28 see the same.
    async with connect(url, tokens.demo, mode="legacy") as client:
        report = await _build_report(client, year)
    await _list_tasks(operator)
    await _open_report(report, total=sum(amounts, Decimal()))


async def _import_statements(
    client: Client, year: int, statements: Sequence[str], *, count: int
) -> None:
    size = sum(map(len, statements))
    terminal.call("import_statements", f"{MONTHS} months of {year}, {size:,} characters of CSV")
    imported = await _call_slow(client, "import_statements", {"statements": statements})
    expect(
        imported["imported"] + imported["already_known"] == count,
        f"{count} expenses should be imported or known",
    )
    terminal.good(
        f"{imported['lines']} lines: {imported['imported']} imported, {imported['already_known']}"
        f" known already, {imported['income_skipped']} income."
    )


async def _build_report(client: Client, year: int) -> dict[str, Any]:
    terminal.call("build_annual_report", f'{{"year": {year}}}')
    report = await _call_slow(client, "build_annual_report", {"year": year})
    terminal.good(
        f"{report['file']}, {report['size']:,} bytes: {report['expenses']} expenses,"
        f" {format_amount(Decimal(report['total']))} euros."
    )
    return report


async def _call_slow(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a tool whose progress another process reports, and draw it."""
    bar = terminal.ProgressBar()
    await bar.show(0, MONTHS, "waits for the worker")
    try:
        async with asyncio.timeout(PATIENCE):
            result = await client.call_tool(tool, arguments, progress_callback=bar.show)
    except TimeoutError:
        raise UnexpectedError(f"{tool} should have ended within {PATIENCE:g} s") from None
    finally:
        bar.close()
    expect(
        bar.reports[-1:] == [(MONTHS, MONTHS)],
        "the last progress report should say that all months are done",
    )
    return structured(result)


async def _list_tasks(operator: Operator) -> None:
    # Commands use the database, which is not for the event loop's thread.
    said = await asyncio.to_thread(operator, "mcp_tasks", "list", "--limit", str(len(RECORD)))
    terminal.verbatim(said)
    for tool, _, _ in RECORD:
        expect(
            any(tool in line and "completed" in line for line in said.splitlines()),
            f"{tool} should be among the tasks that are completed",
        )


async def _open_report(report: dict[str, Any], *, total: Decimal) -> None:
    terminal.heading("The report opens, for its owner alone")
    url = report["url"]
    theirs = await _download(url, "auditor")
    expect(theirs.status_code == 404, "a colleague should find nothing where the report is")
    terminal.refused(f"{url} as user auditor: HTTP {theirs.status_code}")
    mine = await _download(url, "demo")
    expect(mine.status_code == 200, "its owner should be given the report")
    book = load_workbook(io.BytesIO(mine.content))
    months, *rows = book.worksheets[0].values
    shown = [0, 1, 2, 3, len(months) - 1]
    *largest, others, last = (*rows[:SHOWN], _others(rows[SHOWN:-1]), rows[-1])
    terminal.table(
        [str(months[column]) for column in shown],
        [[_cell(row[column]) for column in shown] for row in (*largest, others, last)],
    )
    *categories, whole = (_euros(row[-1]) for row in rows)
    expect(whole == total, f"the report should say {total} euros in all")
    expect(sum(categories) == total, "its categories should add up to that")
    expect(
        book.worksheets[1].max_row == 1 + report["expenses"],
        "the report should list every expense",
    )
    terminal.good(f"{url} as user demo: a spreadsheet of {len(mine.content):,} bytes.")


def _others(rows: Sequence[Sequence[Any]]) -> list[Any]:
    columns = list(zip(*rows, strict=True))[1:]
    return [f"{len(rows)} others", *(sum(map(_euros, column)) for column in columns)]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else format_amount(_euros(value)).rjust(9)


def _euros(value: Any) -> Decimal:
    # Spreadsheets calculate in floating point.
    return round(Decimal(value), 2)


async def _download(url: str, username: str) -> httpx2.Response:
    async with signed_in(url, username) as browser:
        return await browser.get(url)
