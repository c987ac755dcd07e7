"""A site with the tools of `tests.background.tools`, on real threads, background tools included."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from pytest_django import Settings

from django_mcp.asgi import Application
from tests.background import backends, tools
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import legacy as legacy
from tests.clients import modern as modern
from tests.keys import PATH
from tests.latch import Latch
from tests.wire import serving


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(tools.TOOLS) as application:
        yield application


@pytest.fixture
def held(application: Application, settings: Settings) -> list[tuple[UUID, float]]:
    """What is handed to a backend that runs nothing: tests run the tasks themselves."""
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    backends.held.clear()
    backends.terminated.clear()
    return backends.held


@pytest.fixture
def latch() -> Iterator[Latch]:
    with tools.latch.closed():
        yield tools.latch
