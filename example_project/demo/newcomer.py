"""First client of the tour: it knows the URL alone, and registers itself."""

import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
from django.urls import reverse
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.client import Client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

from example_project.demo import accounts, terminal
from example_project.demo.client import call, connect, expect, structured
from example_project.expenses.money import format_amount

# Where a program on the user's device would listen; this one reads what would be sent there.
REDIRECT_URI = "http://127.0.0.1:53682/callback"
CLIENT_NAME = "Example tour"
BUDGET = {"category": "eating out", "monthly_limit": "180.00"}

RECORD = [
    ("set_budget", "demo", "missing_scope"),
    ("set_budget", "demo", "ok"),
]
"""Expected records of the tour's calls: the tool, the user, the outcome."""


async def walk(url: str, tools: set[str]) -> None:
    """Register, sign in, call, step up; raises `UnexpectedError` where the server disappoints."""
    terminal.heading("A client gets in with nothing but the URL")
    terminal.say(url)
    async with User() as user, connect(url, auth=_login(url, user), watch=_show) as client:
        await _list_tools(client, tools)
        terminal.heading("It asks its user for more when a tool needs more")
        budget = structured(await call(client, "set_budget", BUDGET))
        expect(budget["limit"] == BUDGET["monthly_limit"], "the budget should be set")
        limit = format_amount(Decimal(budget["limit"]))
        terminal.good(f"{limit} euros a month for {budget['category']}.")


def page_after_consent(url: str) -> str:
    """Return the URL of the site's own page to which a redirect after consent may lead."""
    return urljoin(url, reverse("django_mcp:connected-assistants"))


class User:
    """Browser of the client's user: signs in as demo, and gives the consent."""

    async def __aenter__(self) -> "User":
        self._browser = httpx2.AsyncClient(timeout=30, trust_env=False, follow_redirects=True)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._browser.aclose()

    async def answer(self, url: str) -> dict[str, str]:
        """Give consent at the URL; return the parameters of the authorization response."""
        page = await self._browser.get(url)
        if 'name="password"' in page.text:
            form = {"username": accounts.DEMO.username, "password": accounts.DEMO.password}
            page = await self._submit(page, form)
        scopes = re.findall(r'name="scope" value="([^"]+)"', page.text)
        expect(bool(scopes), "the page should say what it asks for")
        terminal.good(f"User demo reads the page at {page.url.path}, and allows:")
        for permission in re.findall(r'<label for="mcp-scope-\d+">([^<]+)<', page.text):
            terminal.say(f"- {permission}", indent=4)
        allowed = {"scope": scopes, "allow": "true"}
        sent = await self._submit(page, allowed, follow_redirects=False)
        return dict(parse_qsl(urlsplit(sent.headers["location"]).query))

    async def _submit(
        self, page: httpx2.Response, form: Mapping[str, object], *, follow_redirects: bool = True
    ) -> httpx2.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        data = {**form, "csrfmiddlewaretoken": token[1] if token else ""}
        return await self._browser.post(page.url, data=data, follow_redirects=follow_redirects)


class Memory(TokenStorage):
    """Token storage of the client, in memory."""

    tokens: OAuthToken | None = None
    registration: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.registration

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.registration = client_info


def _login(url: str, user: User) -> OAuthClientProvider:
    """Return the official SDK's OAuth client, which is given the URL alone."""
    answers: list[dict[str, str]] = []

    async def redirect(address: str) -> None:
        answers.append(await user.answer(address))

    async def callback() -> AuthorizationCodeResult:
        return AuthorizationCodeResult.model_validate(answers.pop())

    redirect_uris = [REDIRECT_URI, page_after_consent(url)]
    metadata = {"client_name": CLIENT_NAME, "redirect_uris": redirect_uris}
    return OAuthClientProvider(
        url, OAuthClientMetadata.model_validate(metadata), Memory(), redirect, callback
    )


async def _show(response: httpx2.Response) -> None:
    """Print an HTTP exchange between the client and the site, beside those of messages."""
    request = response.request
    if response.status_code in (401, 403):
        terminal.refused(f"{request.method} {request.url.path}: HTTP {response.status_code}")
        terminal.say(f"WWW-Authenticate: {response.headers['www-authenticate']}", indent=4)
    elif request.url.path != "/mcp":
        terminal.good(f"{request.method} {request.url.path}")


async def _list_tools(client: Client, expected: set[str]) -> None:
    tools = sorted((await client.list_tools()).tools, key=lambda tool: tool.name)
    server = client.server_info.name if client.server_info else "a server without a name"
    terminal.good(f"Connected to {server}, protocol {client.protocol_version}. User demo sees:")
    rows = []
    for tool in tools:
        hints = tool.annotations
        kind = "reads" if hints and hints.read_only_hint else "writes"
        if hints and hints.destructive_hint and not hints.read_only_hint:
            kind = "destroys"
        rows.append([tool.name, kind, (tool.description or "").splitlines()[0]])
    terminal.table(["tool", "it", "description"], rows)
    expect({tool.name for tool in tools} == expected, f"the tools should be {sorted(expected)}")
