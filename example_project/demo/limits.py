"""The tour of the limits: a call that is repeated, and an agent in a loop."""

from typing import Any
from uuid import uuid4

from mcp.client.client import Client

from example_project.demo import terminal
from example_project.demo.client import call, connect, expect, structured, tool_error
from example_project.demo.tokens import Tokens

TOOL = "add_expense"
EXPENSE = {"amount": "3.20", "category": "transport", "payee": "City Transit"}
LIMIT = SECONDS = 10
RATE = {"limit": LIMIT, "seconds": SECONDS, "per": "tool", "of": "calls"}
RATES_META_KEY = "django-mcp/rate-limits"
REPEATED_META_KEY = "django-mcp/repeated"

MOST_CALLS = 2 * LIMIT + 1
"""Calls of which one is refused, even if a window of the rate ends among them."""

RECORD = [
    (TOOL, "demo", "ok"),
    (TOOL, "demo", "repeated"),
    (TOOL, "demo", "rate_limited"),
    ("delete_expense", "demo", "ok"),
]
"""Expected records of the tour's calls: the tool, the user, the outcome; repeats count once."""


async def walk(url: str, tokens: Tokens) -> None:
    """Repeat a call, and again; raises `UnexpectedError` where the server disappoints."""
    async with connect(url, tokens.demo) as client:
        # A name that is new in every run.
        arguments = {**EXPENSE, "request_id": f"tram-{uuid4().hex[:8]}"}
        expense_id = await _repeat(client, arguments)
        await _loop(client, arguments)
        deleted = structured(await call(client, "delete_expense", {"expense_id": expense_id}))
        terminal.good(f"{deleted['amount']} euros for {deleted['payee']} are gone.")


async def _repeat(client: Client, arguments: dict[str, Any]) -> int:
    terminal.heading("A call that is repeated is run once")
    added = structured(await call(client, TOOL, arguments))
    terminal.good(f"Recorded as expense {added['id']}.")
    terminal.call(TOOL, "the same again, as if the answer had been lost on its way")
    again = await client.call_tool(TOOL, arguments)
    expect(structured(again) == added, "the first answer should come back")
    expect((again.meta or {}).get(REPEATED_META_KEY) is True, "it should be marked as repeated")
    terminal.good(f"The same answer, marked {REPEATED_META_KEY}: there is no second expense.")
    return int(added["id"])


async def _loop(client: Client, arguments: dict[str, Any]) -> None:
    terminal.heading("An agent in a loop is stopped")
    (tool,) = (tool for tool in (await client.list_tools()).tools if tool.name == TOOL)
    expect(RATE in (tool.meta or {})[RATES_META_KEY], "the definition should say how often")
    *_, last = (tool.description or "").splitlines()
    terminal.say(f"The definition says: {last}")
    terminal.call(TOOL, "the same again and again")
    for _ in range(MOST_CALLS):
        result = await client.call_tool(TOOL, arguments)
        if result.is_error:
            break
    error = tool_error(result)
    expect(error["kind"] == "rate_limited", "its rate should stop the agent")
    expect(0 < error["retry_after"] <= SECONDS, "the error should say how long to wait")
