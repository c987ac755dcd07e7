"""The tour of the REST API, two of whose actions are tools."""

from typing import Any
from urllib.parse import urlencode, urljoin

from django.urls import reverse
from mcp.client.client import Client

from example_project.demo import terminal
from example_project.demo.browser import signed_in
from example_project.demo.client import call, connect, expect, structured, tool_error
from example_project.demo.tokens import Tokens

TOOLS = {"correct_expense", "search_expenses"}
QUERY: dict[str, Any] = {"amount_min": 20, "ordering": "-amount", "page_size": 2, "page": 2}

RECORD = [
    ("search_expenses", "demo", "ok"),
    ("correct_expense", "demo", "permission_denied"),
    ("correct_expense", "demo", "ok"),
]
"""Expected records of the tour's calls: the tool, the user, the outcome."""


async def walk(url: str, tokens: Tokens) -> None:
    """Search, be refused, correct; raises `UnexpectedError` where the server disappoints."""
    async with connect(url, tokens.demo) as client:
        expense = await _search(client, url)
        await _correct(client, expense)


async def _search(client: Client, url: str) -> dict[str, Any]:
    terminal.heading("Actions of a REST API are tools, too")
    page = structured(await call(client, "search_expenses", QUERY))
    path = f"{reverse('expenses:api-expense-list')}?{urlencode(QUERY)}"
    terminal.say(f"A program of the same user: GET {path}")
    async with signed_in(url, "demo") as program:
        answer = (await program.get(urljoin(url, path))).json()
    expect(page["results"] == answer["results"], "both should show the same expenses")
    expect(page["count"] == answer["count"], "both should count the same")
    expect(answer["next"].endswith("page=3&page_size=2"), "the API should link to the next page")
    expect(page["next"] == {"page": 3, "page_size": 2}, "the tool should name its arguments")
    terminal.table(
        ["day", "euros", "payee"],
        [[each["spent_on"], each["amount"], each["payee"]] for each in page["results"]],
    )
    terminal.good(f"The same answer. For the link to the next page the tool has {page['next']}.")
    found: dict[str, Any] = page["results"][0]
    return found


async def _correct(client: Client, expense: dict[str, Any]) -> None:
    # Not only what a serializer checks: the permission of the view looks at this expense.
    arguments = {"id": expense["id"], "payee": "Somebody else"}
    error = tool_error(await call(client, "correct_expense", arguments))
    expect(error["kind"] == "permission_denied", "the view's permission should refuse it")
    arguments = {"id": expense["id"], "note": "as agreed"}
    corrected = structured(await call(client, "correct_expense", arguments))
    expect(corrected == {**expense, "note": "as agreed"}, "only the note should be another")
    terminal.good(f"The note of expense {expense['id']} is {corrected['note']!r}.")
