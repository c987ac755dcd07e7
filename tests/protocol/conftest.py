"""A site with the tools of `tests.protocol.tools`, served on real threads."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.calls import progress
from django_mcp.models import ToolGroup
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import legacy as legacy
from tests.clients import modern as modern
from tests.keys import PATH
from tests.latch import Latch
from tests.protocol import tools
from tests.wire import serving


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving(tools.TOOLS) as application:
        yield application


@pytest.fixture
def latch() -> Iterator[Latch]:
    with tools.latch.closed():
        yield tools.latch


@pytest.fixture
def unthrottled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every report is sent at once, however soon it follows the one before."""
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL_SECONDS", 0.0)
