"""Fixtures: clients of the fixture `application`, for the conftest of tests that speak to one."""

import pytest

from django_mcp.asgi import Application
from tests.spec import ERAS, LEGACY, MODERN
from tests.wire import Client


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(application: Application, era: str) -> Client:
    """An anonymous client, of each era in turn."""
    return Client(application=application, era=era)


@pytest.fixture
def modern(application: Application) -> Client:
    return Client(application=application, era=MODERN)


@pytest.fixture
def legacy(application: Application) -> Client:
    return Client(application=application, era=LEGACY)
