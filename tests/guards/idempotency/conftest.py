"""A site with tools that write, and a client that sends keys."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.meta_keys import IDEMPOTENCY_KEY_META_KEY
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import legacy as legacy
from tests.clients import modern as modern
from tests.guards.idempotency import tools
from tests.keys import PATH
from tests.wire import Answer, Client, serving

Call = Callable[..., Answer]


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_IDEMPOTENCY_WAIT = 0
    tools.runs.clear()
    with serving(tools.TOOLS) as application:
        yield application


def keyed_call(client: Client, name: str, /, *, key: object, **arguments: object) -> Answer:
    """Call a tool in the test's own transaction, with a key in `_meta`."""
    params = {"name": name, "arguments": arguments}
    return client.send("tools/call", params, meta={IDEMPOTENCY_KEY_META_KEY: key})


async def keyed(client: Client, name: str, **arguments: object) -> Answer:
    """Call a tool on the threads of the server, with a key in `_meta`."""
    params = {"name": name, "arguments": arguments}
    return await client.asend("tools/call", params, meta={IDEMPOTENCY_KEY_META_KEY: "k-1"})


@pytest.fixture
def call(client: Client) -> Call:
    """Call a tool with a key, as a client of each era."""

    def call(name: str, /, *, key: object = "k-1", **arguments: object) -> Answer:
        return keyed_call(client, name, key=key, **arguments)

    return call
