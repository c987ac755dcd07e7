"""The tour of the prompts: one that a user begins with, and whose argument the server completes."""

import json
from datetime import date
from decimal import Decimal

from mcp.client.client import Client
from mcp_types import EmbeddedResource, PromptReference, TextContent, TextResourceContents

from example_project.demo import terminal
from example_project.demo.client import UnexpectedError, connect, expect
from example_project.demo.tokens import Tokens
from example_project.expenses.money import format_amount

PROMPT = "monthly_review"
ARGUMENT = "month"

RECORD = [
    (PROMPT, "demo", "ok"),
]
"""Expected records of the tour's calls: what was called, the user, the outcome."""


async def walk(url: str, tokens: Tokens, today: date) -> None:
    """List, complete, get; raises `UnexpectedError` where the server disappoints."""
    terminal.heading("What its user can begin with: prompts")
    async with connect(url, tokens.demo) as client:
        (listed,) = (await client.list_prompts()).prompts
        expect(listed.name == PROMPT, f"the prompt should be {PROMPT}")
        terminal.table(["prompt", "description"], [[listed.name, listed.description or ""]])
        offered = await _complete(client, f"{today:%B}", username="demo")
        expect(offered[:1] == [f"{today:%B %Y}"], "this month should be offered first")
        await _get(client, offered[0])
    async with connect(url, tokens.auditor) as colleague:
        offered = await _complete(colleague, "", username="auditor")
        expect(offered == [], "months of another user should not be offered")


async def _complete(client: Client, typed: str, *, username: str) -> list[str]:
    shown = json.dumps({ARGUMENT: typed})
    terminal.call("completion/complete", f"{PROMPT} {shown} as user {username}")
    argument = {"name": ARGUMENT, "value": typed}
    values = (await client.complete(PromptReference(name=PROMPT), argument)).completion.values
    terminal.good(", ".join(values) or "nothing, for want of expenses")
    return values


async def _get(client: Client, month: str) -> None:
    arguments = {ARGUMENT: month}
    terminal.call("prompts/get", f"{PROMPT} {json.dumps(arguments)}")
    request, summary = (await client.get_prompt(PROMPT, arguments)).messages
    if not isinstance(request.content, TextContent):
        raise UnexpectedError("the prompt should begin with a text")
    terminal.good(request.content.text)
    if not isinstance(summary.content, EmbeddedResource):
        raise UnexpectedError("the prompt should embed the summary")
    embedded = summary.content.resource
    if not isinstance(embedded, TextResourceContents):
        raise UnexpectedError("the summary should be text")
    totals = json.loads(embedded.text)
    total = format_amount(Decimal(totals["total"]))
    terminal.good(f"With {embedded.uri}: {total} euros in {totals['count']} expenses.")
