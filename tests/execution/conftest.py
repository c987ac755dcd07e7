"""A site with the tools of `tests.execution.tools`, on real threads and the embedded backend."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from pytest_django import Settings

from django_mcp.asgi import Application
from tests.execution import backends, tools
from tests.gate import Gate
from tests.keys import PATH
from tests.spec import ERAS, LEGACY, MODERN
from tests.wire import Client, serving


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
def gate() -> Iterator[Gate]:
    with tools.gate.closed():
        yield tools.gate


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(application: Application, era: str) -> Client:
    return Client(application=application, era=era)


@pytest.fixture
def modern(application: Application) -> Client:
    return Client(application=application, era=MODERN)


@pytest.fixture
def legacy(application: Application) -> Client:
    return Client(application=application, era=LEGACY)
