"""The tour of the resources: expenses and receipts, which only their owner reads."""

import base64
import json
from typing import Any
from urllib.parse import urljoin

from django.urls import reverse
from mcp import MCPError
from mcp.client.client import Client
from mcp_types import BlobResourceContents, ResourceLink, TextResourceContents

from example_project.demo import receipt, terminal
from example_project.demo.browser import signed_in, submit
from example_project.demo.client import UnexpectedError, call, connect, expect
from example_project.demo.tokens import Tokens

TOOLS = {"find_receipts"}

TEMPLATES = {
    "expense://{pk}",
    "receipt://{+path}",
    "service://{name}",
    "service://{name}/{environment}",
    "summary://{month}",
}

SHOWN = 2
"""The number of resources of the list that are shown."""

RECORD = [
    ("expense", "demo", "ok"),
    ("find_receipts", "demo", "ok"),
    ("receipt", "demo", "ok"),
    ("expense", "auditor", "not_found"),
    ("receipt", "auditor", "not_found"),
]
"""Expected records of the tour's calls: what was called, the user, the outcome."""


async def walk(url: str, tokens: Tokens) -> None:
    """List, read, attach, be refused; raises `UnexpectedError` where the server disappoints."""
    async with connect(url, tokens.demo) as client:
        await _list_templates(client)
        expense = await _read_expense(client)
        receipt_uri = await _read_receipt(client, url, expense)
    # A client of the revisions before 2026-07-28, which have a code of their own for this.
    async with connect(url, tokens.auditor, mode="legacy") as colleague:
        for uri in (f"expense://{expense['id']}", receipt_uri):
            await _be_refused(colleague, uri)


async def _list_templates(client: Client) -> None:
    terminal.heading("What it can read: resources, by their URIs")
    listed = (await client.list_resource_templates()).resource_templates
    terminal.table(
        ["URI", "description"],
        [[each.uri_template, (each.description or "").splitlines()[0]] for each in listed],
    )
    expect(
        {each.uri_template for each in listed} == TEMPLATES,
        f"the templates should be {sorted(TEMPLATES)}",
    )


async def _read_expense(client: Client) -> dict[str, Any]:
    page = await client.list_resources()
    following = await client.list_resources(cursor=page.next_cursor)
    pages = [[entry.uri for entry in each.resources] for each in (page, following)]
    expect(not set(pages[0]) & set(pages[1]), "the second page should follow the first")
    terminal.table(
        ["listed", "title"], [[entry.uri, entry.title or ""] for entry in page.resources[:SHOWN]]
    )
    terminal.say(f"... and so on: {len(pages[0])} on the first page, more on others.")
    newest = page.resources[0]
    expense = await read_json(client, newest.uri)
    expect(expense["payee"] in (newest.title or ""), "the title should name the payee")
    terminal.good(f"{expense['spent_on']}: {expense['amount']} euros for {expense['payee']}.")
    return expense


async def _read_receipt(client: Client, url: str, expense: dict[str, Any]) -> str:
    terminal.say("Its user attaches the receipt, on a page of the site.")
    content = receipt.pdf([expense["payee"], f"{expense['spent_on']}  {expense['amount']} EUR"])
    page = urljoin(url, reverse("expenses:attach", args=[expense["id"]]))
    async with signed_in(url, "demo") as browser:
        kept = await submit(browser, page, {}, {"receipt": ("scan.pdf", content)})
    expect(kept.status_code == 302, "the page should take the receipt")
    day = {"first_day": expense["spent_on"], "last_day": expense["spent_on"]}
    result = await call(client, "find_receipts", {**day, "search": expense["payee"]})
    links = [block.uri for block in result.content if isinstance(block, ResourceLink)]
    expect(len(links) == 1, "there should be a link to one receipt")
    terminal.call("resources/read", links[0])
    (read,) = (await client.read_resource(links[0])).contents
    if not isinstance(read, BlobResourceContents):
        raise UnexpectedError("the receipt should be a file")
    expect(base64.b64decode(read.blob) == content, "the receipt should be the one of the user")
    terminal.good(f"{read.mime_type}, {len(content)} bytes.")
    return links[0]


async def _be_refused(client: Client, uri: str) -> None:
    terminal.call("resources/read", f"{uri} as user auditor")
    try:
        await client.read_resource(uri)
    except MCPError as error:
        expect(error.error.message == "Resource not found", "it should read as a missing one")
        terminal.refused(f"{error.error.message} (error {error.code})")
    else:
        raise UnexpectedError("what belongs to another user should not be found")


async def read_json(client: Client, uri: str) -> dict[str, Any]:
    """Show the read of a resource, make it, and return the object that its text is."""
    terminal.call("resources/read", uri)
    (contents,) = (await client.read_resource(uri)).contents
    if not isinstance(contents, TextResourceContents):
        raise UnexpectedError("the resource should be text")
    found: dict[str, Any] = json.loads(contents.text)
    return found
