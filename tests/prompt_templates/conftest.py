"""Prompts of operators in the group `shop`, which is open to anybody."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.models import ToolGroup
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.keys import PATH
from tests.prompt_templates.code import DECLARED
from tests.wire import serving


@pytest.fixture
def shop(db: None) -> ToolGroup:
    group, _ = ToolGroup.objects.update_or_create(name="shop", defaults={"enabled": True})
    return group


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(DECLARED) as application:
        yield application
