"""A site with the tools of `tests.transports.tools`, and clients of both eras."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.models import ToolGroup
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import legacy as legacy
from tests.clients import modern as modern
from tests.keys import PATH
from tests.transports.tools import TOOLS
from tests.wire import serving


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Callers with keys, and anonymous ones; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    User.objects.create_user("alice")
    with serving(TOOLS) as application:
        yield application
