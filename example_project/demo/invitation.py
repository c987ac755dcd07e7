"""The end of the demo: what to look at, in the order of a tour, and how to connect a client."""

import json
import secrets
import shlex
from urllib.parse import urlencode, urljoin

from django.apps import apps
from django.urls import reverse

from example_project.demo import accounts, newcomer, terminal

INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"


def show(url: str, token: str) -> None:
    """Print the links, a client's configuration and the Inspector's command line."""
    terminal.heading("Now it is yours, in the order of a tour")
    links = (
        ("pages", reverse("expenses:list"), _as(accounts.DEMO)),
        ("consent", _authorization(url), ""),
        ("assistants", reverse("django_mcp:connected-assistants"), "to disconnect them"),
        ("record", reverse("admin:django_mcp_callrecord_changelist"), _as(accounts.ADMIN)),
        ("admin", reverse("admin:index"), "for tool groups, and who sees what"),
    )
    terminal.facts(
        [
            *((name, f"{urljoin(url, path)} {remark}".rstrip()) for name, path, remark in links),
            ("MCP endpoint", url),
            ("token, 30 days", token),
        ]
    )
    terminal.say("A client's configuration; it sends you to the pages to sign in and consent:")
    servers = {"back-office": {"type": "http", "url": url}}
    terminal.verbatim(json.dumps({"mcpServers": servers}))
    terminal.say("The Inspector, with Node 22.19 or newer:")
    header = f"Authorization: Bearer {token}"
    inspector = ["npx", "--yes", INSPECTOR, "--cli", url, "--transport", "http"]
    inspector += ["--header", header, "--method", "tools/list"]
    terminal.verbatim(shlex.join(inspector))
    terminal.say("The server stays up until Ctrl-C.")


def _as(account: accounts.Account) -> str:
    return f"as {account.username}, password {account.password}"


def _authorization(url: str) -> str:
    """The path to the page that asks for consent, on behalf of the tour's first client."""
    clients = apps.get_model("oauth2_provider", "Application").objects
    client = clients.filter(name=newcomer.CLIENT_NAME).latest("pk")
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": newcomer.page_after_consent(url),
        "scope": "expense:read expense:write deploy:write",
        "resource": url,
        # Nobody redeems the code.
        "code_challenge": secrets.token_urlsafe(32),
        "code_challenge_method": "S256",
    }
    return f"{reverse('oauth2_provider:authorize')}?{urlencode(query)}"
