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
        month = await _complete(client, f"{today:%B %Y}")
        await _get(client, month)


async def _complete(client: Client, expected: str) -> str:
    typed = expected[:3]
    terminal.call("completion/complete", f"{PROMPT} {json.dumps({ARGUMENT: typed})}")
    reference = PromptReference(name=PROMPT)
    completion = (await client.complete(reference, {"name": ARGUMENT, "value": typed})).completion
    expect(completion.values[:1] == [expected], f"{expected} should be offered first")
    terminal.good(f"{', '.join(completion.values)}.")
    return completion.values[0]


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
