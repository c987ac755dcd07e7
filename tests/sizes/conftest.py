"""A site with the tools of `tests.sizes.tools`, for callers with keys and others."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from django_mcp.asgi import Application
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import legacy as legacy
from tests.clients import modern as modern
from tests.keys import PATH
from tests.sizes.tools import TOOLS
from tests.wire import serving


@pytest.fixture
def counts() -> Iterator[None]:
    """What callers have taken out is forgotten: those of other tests are the same."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(TOOLS) as application:
        yield application
