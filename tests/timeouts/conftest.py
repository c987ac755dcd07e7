"""A site with functions that overrun, served on real threads."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from django_mcp.asgi import Application
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import legacy as legacy
from tests.clients import modern as modern
from tests.guards import examples
from tests.keys import PATH
from tests.latch import Latch
from tests.timeouts import tools
from tests.wire import serving


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(tools.TOOLS) as application:
        yield application


@pytest.fixture
def latch() -> Iterator[Latch]:
    with tools.latch.closed():
        yield tools.latch


@pytest.fixture(autouse=True)
def forgetful() -> None:
    examples.events.clear()
    examples.threads.clear()
