"""Programs that know nothing of a server but its URL: the official client, and its user."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.client import Client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from mcp_types import CallToolResult

from tests.e2e.sdk import CheckedTransport, connecting
from tests.e2e.user import BrowserUser, DeniedError

Ask = Callable[[str, str], dict[str, str]]
"""Sends the user to a URL; returns what arrives at the redirect URI."""


class Memory(TokenStorage):
    """What a program keeps."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.registration: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.registration

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.registration = client_info


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program with the official client inside.

    It registers itself with `metadata`, unless it has a `document`. What it is refused at HTTP
    level stands in `transport.seen`, where it sent its user in `visits`.
    """

    url: str
    ask: Ask
    redirect_uri: str = "http://127.0.0.1:33333/callback"
    document: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    transport: CheckedTransport = field(default_factory=CheckedTransport)
    visits: list[str] = field(default_factory=list)

    def provider(self) -> OAuthClientProvider:
        """What sees to tokens, in one run of the program."""
        received: list[dict[str, str]] = []

        async def redirect(url: str) -> None:
            self.visits.append(url)
            received.append(self.ask(url, self.redirect_uri))

        async def callback() -> AuthorizationCodeResult:
            answer = received.pop()
            if "error" in answer:
                raise DeniedError(answer)
            return AuthorizationCodeResult.model_validate(answer)

        return OAuthClientProvider(
            self.url,
            OAuthClientMetadata.model_validate(
                {
                    "client_name": "Desktop assistant",
                    **self.metadata,
                    "redirect_uris": [self.redirect_uri],
                }
            ),
            self.memory,
            redirect,
            callback,
            client_metadata_url=self.document,
        )

    @asynccontextmanager
    async def running(
        self, *, mode: str = "auto", provider: OAuthClientProvider | None = None
    ) -> AsyncIterator[Client]:
        """A run of the program, which remembers what it was given in earlier ones."""
        async with connecting(
            self.url,
            mode=mode,
            auth=provider or self.provider(),
            transport=self.transport,
        ) as client:
            yield client

    async def call(
        self,
        tool: str,
        *,
        mode: str = "auto",
        provider: OAuthClientProvider | None = None,
        **arguments: Any,
    ) -> CallToolResult:
        """Start the program for one call."""
        async with self.running(mode=mode, provider=provider) as client:
            return await client.call_tool(tool, arguments)

    @property
    def tokens(self) -> OAuthToken:
        """What it holds."""
        assert self.memory.tokens is not None
        return self.memory.tokens

    @property
    def scopes(self) -> set[str]:
        """What it was told that its tokens are good for."""
        return set((self.tokens.scope or "").split())

    @property
    def client_id(self) -> str:
        assert self.memory.registration is not None
        return self.memory.registration.client_id


def used_by(browser_user: BrowserUser, url: str, **facts: Any) -> Program:
    """A program of somebody's who has typed this URL."""
    return Program(url=url, ask=browser_user.answer, **facts)
