"""The tour of the prompts: one of the code, whose argument is completed, and one of an operator."""

import asyncio
import json
import re
from datetime import date
from decimal import Decimal
from urllib.parse import urljoin

from mcp.client.client import Client
from mcp_types import (
    EmbeddedResource,
    Prompt,
    PromptReference,
    TextContent,
    TextResourceContents,
)

from example_project.demo import accounts, terminal
from example_project.demo.browser import signed_in, submit
from example_project.demo.client import UnexpectedError, connect, expect
from example_project.demo.tokens import Tokens
from example_project.expenses.money import format_amount

PROMPT = "monthly_review"
ARGUMENT = "month"

WRITTEN = "find_savings"
WRITTEN_FORM = {
    "name": WRITTEN,
    "title": "Find savings",
    "description": "Find what could be saved in one category.",
    "enabled": "on",
    "text": "Look through my expenses on {{ category }}.\n"
    "{% if goal %}I would like to spend {{ goal }} euros less a month.{% endif %}\n"
    "What could I do without?",
    "arguments-TOTAL_FORMS": "2",
    "arguments-INITIAL_FORMS": "0",
    "arguments-0-name": "category",
    "arguments-0-required": "on",
    "arguments-0-position": "1",
    "arguments-0-sample": "eating out",
    "arguments-1-name": "goal",
    "arguments-1-position": "2",
    "arguments-1-sample": "50",
}
"""What a browser sends when an operator writes this prompt in the admin."""

RECORD = [
    (PROMPT, "demo", "ok"),
    (WRITTEN, "demo", "ok"),
]
"""Expected records of the tour's calls: what was called, the user, the outcome."""


async def walk(url: str, tokens: Tokens, today: date) -> None:
    """List, complete, get; raises `UnexpectedError` where the server disappoints."""
    terminal.heading("What its user can begin with: prompts")
    async with connect(url, tokens.demo) as client:
        prompts = await _prompts(client)
        listed = {each.name: (each.description or "").splitlines()[0] for each in prompts}
        expect(PROMPT in listed, f"{PROMPT} should be among the prompts")
        terminal.table(["prompt", "description"], [*listed.items()])
        offered = await _complete(client, f"{today:%B}", username="demo")
        expect(offered[:1] == [f"{today:%B %Y}"], "this month should be offered first")
        await _get(client, offered[0])
        if WRITTEN not in listed:  # an earlier run may have written it
            await _write(url, client)
        await _get_written(client)
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


async def _prompts(client: Client) -> list[Prompt]:
    return (await client.list_prompts()).prompts


async def _write(url: str, client: Client) -> None:
    """Write a prompt in the admin, as an operator does: look at it, save it, and find it served."""
    page = urljoin(url, "/admin/django_mcp/prompttemplate/add/")
    admin = accounts.ADMIN
    async with signed_in(url, admin.username, admin.password) as browser:
        opened = (await browser.get(page)).text
        (group,) = re.findall(r'<option value="(\d+)">expenses</option>', opened)
        form = {**WRITTEN_FORM, "group": group}
        previewed = (await submit(browser, page, {**form, "_preview": "Preview"})).text
        expect("Look through my expenses on eating out." in previewed, "the preview should show it")
        saved = await submit(browser, page, form)
        expect(saved.status_code == 302, "the admin should save the prompt")
    terminal.good(f"An operator previews and saves another in the admin: {WRITTEN}.")
    await asyncio.sleep(2)  # from then on every worker has it
    expect(WRITTEN in [each.name for each in await _prompts(client)], "it should be served")


async def _get_written(client: Client) -> None:
    arguments = {"category": "groceries"}
    terminal.call("prompts/get", f"{WRITTEN} {json.dumps(arguments)}")
    (message,) = (await client.get_prompt(WRITTEN, arguments)).messages
    if not isinstance(message.content, TextContent):
        raise UnexpectedError("the prompt of the operator should be a text")
    terminal.good(" ".join(message.content.text.split()))
