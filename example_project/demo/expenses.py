"""The tour of the expenses."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from mcp import MCPError
from mcp.client.client import Client

from example_project.demo import terminal
from example_project.demo.client import (
    UnexpectedError,
    call,
    connect,
    expect,
    structured,
    text,
    tool_error,
)
from example_project.demo.statements import first_day_of_statement, spent, statement
from example_project.demo.tokens import Tokens
from example_project.expenses.money import format_amount

TOOLS = {
    "add_expense",
    "delete_expense",
    "import_statement",
    "list_budgets",
    "list_categories",
    "list_expenses",
    "set_budget",
    "summarise_expenses",
}
HIDDEN_TOOL = "team_totals"
SHOWN = 4
"""The number of categories of a summary that have a line of their own."""

RECORD = [
    ("import_statement", "demo", "ok"),
    ("import_statement", "demo", "ok"),
    ("summarise_expenses", "demo", "ok"),
    ("add_expense", "demo", "tool_error"),
    ("add_expense", "demo", "tool_error"),
    ("add_expense", "demo", "ok"),
    ("delete_expense", "auditor", "tool_error"),
    ("delete_expense", "demo", "ok"),
    ("add_expense", "demo", "invalid_arguments"),
    ("team_totals", "demo", "unknown_tool"),
    ("team_totals", "auditor", "ok"),
]
"""Expected records of the tour's calls: the tool, the user, the outcome."""


async def walk(url: str, tokens: Tokens, today: date) -> None:
    """Import, summarise, err, delete; raises `UnexpectedError` where the server disappoints."""
    first_day = first_day_of_statement(today)
    bookings = statement(first_day, today)
    days = {"first_day": first_day.isoformat(), "last_day": today.isoformat()}
    async with connect(url, tokens.demo) as client:
        await _import_statement(client, first_day, bookings)
        await _summarise(client, days, count=len(spent(bookings)))
        expense_id = await _correct_itself(client)
        async with connect(url, tokens.auditor) as colleague:
            await _touch_what_is_not_theirs(colleague, expense_id)
        await _delete(client, expense_id)
        await _send_nonsense(client)
    await _look_for_a_hidden_tool(url, tokens, days)


async def _import_statement(client: Client, first_day: date, bookings: str) -> None:
    terminal.heading("It imports a bank statement that ends today")
    terminal.call(
        "import_statement", f"the bookings since {first_day}, {len(bookings):,} characters of CSV"
    )
    bar = terminal.ProgressBar()
    result = await client.call_tool(
        "import_statement", {"statement": bookings}, progress_callback=bar.show
    )
    bar.close()
    report = structured(result)
    lines = len(bookings.splitlines()) - 1
    expect(
        bar.reports[-1:] == [(lines, lines)],
        "the last progress report should say that all is done",
    )
    count = len(spent(bookings))
    expect(
        report["imported"] + report["already_known"] == count,
        f"{count} expenses should be imported or known",
    )
    terminal.good(
        f"{report['lines']} lines: {report['imported']} imported, {report['already_known']} known"
        f" already, {report['income_skipped']} income."
    )
    if report["unmatched_payees"]:
        terminal.say(f"No category fitted {', '.join(report['unmatched_payees'])}.", indent=4)
    terminal.call("import_statement", "the same statement again")
    again = structured(await client.call_tool("import_statement", {"statement": bookings}))
    expect(again["imported"] == 0, "a second import should add nothing")
    terminal.good(f"Nothing is booked twice: {again['already_known']} lines were known.")


async def _summarise(client: Client, days: dict[str, str], *, count: int) -> None:
    terminal.heading("It asks where the money went")
    arguments = {**days, "period": "quarter"}
    summary = structured(await call(client, "summarise_expenses", arguments))
    expect(summary["count"] >= count, "the summary should count the statement")
    shown, others = summary["categories"][:SHOWN], summary["categories"][SHOWN:]
    rest = {
        "category": f"{len(others)} others",
        "total": sum(Decimal(entry["total"]) for entry in others),
        "share": sum(entry["share"] for entry in others),
    }
    terminal.table(
        ["category", "euros", "share"],
        [
            [entry["category"], _euros(entry["total"]).rjust(9), terminal.share_bar(entry["share"])]
            for entry in (*shown, rest)
        ],
    )
    quarters = ", ".join(
        f"{_euros(period['total'])} in the quarter from {period['first_day']}"
        for period in summary["periods"]
    )
    terminal.good(f"{_euros(summary['total'])} euros in all: {quarters}.")


async def _correct_itself(client: Client) -> int:
    terminal.heading("Errors tell an agent how to correct itself")
    expense: dict[str, Any] = {
        "amount": "230.00",
        "category": "eating-out",
        "payee": "Pizza Vesuvio",
    }
    error = tool_error(await call(client, "add_expense", expense))
    expect("eating out" in error["hint"], "the hint should name the categories")
    expense["category"] = "eating out"
    error = tool_error(await call(client, "add_expense", expense))
    expect("allow_over_budget" in error["hint"], "the hint should say how to go on")
    terminal.say("Its user agrees.")
    expense["allow_over_budget"] = True
    added = structured(await call(client, "add_expense", expense))
    expect(added["amount"] == expense["amount"], "the expense should come back as it was recorded")
    terminal.good(f"Recorded as expense {added['id']}.")
    return int(added["id"])


async def _touch_what_is_not_theirs(client: Client, expense_id: int) -> None:
    terminal.heading("Nobody reaches what belongs to somebody else")
    terminal.call("delete_expense", f'{{"expense_id": {expense_id}}} as user auditor')
    tool_error(await client.call_tool("delete_expense", {"expense_id": expense_id}))


async def _delete(client: Client, expense_id: int) -> None:
    terminal.call("delete_expense", f'{{"expense_id": {expense_id}}} as user demo')
    deleted = structured(await client.call_tool("delete_expense", {"expense_id": expense_id}))
    expect(deleted["id"] == expense_id, "the expense should be named")
    terminal.good(f"{_euros(deleted['amount'])} euros for {deleted['payee']} are gone.")


async def _send_nonsense(client: Client) -> None:
    terminal.heading("Invalid arguments never reach the function")
    nonsense = {
        "amount": "-5",
        "category": "travel",
        "payee": "Hotel Seeblick",
        "spent_on": "tomorrow",
        "owner": "admin",
    }
    result = await call(client, "add_expense", nonsense)
    refusal = text(result)
    expect(result.is_error, "the call should be refused")
    for name in ("amount", "spent_on", "owner"):
        expect(name in refusal, f"the refusal should name {name}")
    terminal.refused(refusal)


async def _look_for_a_hidden_tool(url: str, tokens: Tokens, days: dict[str, str]) -> None:
    terminal.heading("A tool that needs a Django permission")
    async with connect(url, tokens.demo) as client:
        terminal.call(HIDDEN_TOOL, f"{json.dumps(days)} as user demo")
        try:
            await client.call_tool(HIDDEN_TOOL, days)
        except MCPError as error:
            terminal.refused(f"{error.message} (error {error.code})")
        else:
            raise UnexpectedError("the tool should be hidden")
    # A client of the revisions before 2026-07-28, to show that the same URL serves both.
    async with connect(url, tokens.auditor, mode="legacy") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        expect(HIDDEN_TOOL in names, "the auditor should see the tool")
        terminal.call(HIDDEN_TOOL, f"{json.dumps(days)} as user auditor")
        result = await client.call_tool(HIDDEN_TOOL, days)
        for member in structured(result)["result"]:
            total = _euros(member["total"])
            terminal.good(f"{member['username']}: {total} euros, {member['count']} times")
        terminal.say(f"This client spoke protocol {client.protocol_version}.", indent=4)


def _euros(amount: str | Decimal) -> str:
    # Results are for programs: decimals as text.
    return format_amount(Decimal(amount))
