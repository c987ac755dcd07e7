"""Clients that call while workers come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.e2e.servers import PATIENCE, Site, nowhere, worded
from tests.spec import MODERN
from tests.wire import Client, messages_in

LIMITS = httpx.Limits(max_connections=None)


@asynccontextmanager
async def calling(site: Site) -> AsyncIterator["Caller"]:
    """A caller that many tasks may share."""
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, limits=LIMITS) as http:
        yield Caller(site, http)


class Caller:
    """Calls tools over connections that stay open until the end."""

    def __init__(self, site: Site, http: httpx.AsyncClient) -> None:
        self._site = site
        self._http = http

    async def call(self, name: str, *, era: str = MODERN, **arguments: Any) -> dict[str, Any]:
        """The message that answers a call."""
        client = Client(application=nowhere, era=era)
        return await self.send(client, "tools/call", {"name": name, "arguments": arguments})

    async def send(self, client: Client, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The message that answers a request of this client."""
        response = await self._http.post(self._site.url, **worded(client, method, params))
        kind = response.headers["content-type"]
        return messages_in(response.content, kind, era=client.era, method=method)[-1]

    def calls(self, *wanted: tuple[str, str, float]) -> list["asyncio.Task[dict[str, Any]]"]:
        """Start calls of tool, tag and seconds at once."""
        return [
            asyncio.create_task(self.call(name, tag=tag, seconds=seconds))
            for name, tag, seconds in wanted
        ]


def text_of(message: dict[str, Any]) -> str:
    text: str = message["result"]["content"][0]["text"]
    return text
