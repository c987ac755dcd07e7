"""The people, categories, budgets and services that the demo has, too."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.core.cache import caches
from django.core.management import call_command
from pytest_django import Settings

from django_mcp.asgi import mount
from django_mcp.policy.snapshot import forget_snapshot
from example_project.demo.statements import statement
from tests.clients import era as era
from tests.keys import PATH
from tests.wire import Client


@pytest.fixture
def seeded(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "for-tests")
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "for-tests-too")
    call_command("seed_demo", verbosity=0)


@pytest.fixture
def demo(seeded: None) -> User:
    return User.objects.get(username="demo")


@pytest.fixture
def auditor(seeded: None) -> User:
    return User.objects.get(username="auditor")


@pytest.fixture
def releaser(seeded: None) -> User:
    return User.objects.get(username="releaser")


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Neither failures nor calls of one test count in the next, and no result is kept for it."""
    caches["default"].clear()
    yield
    caches["default"].clear()


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def bank_statement() -> str:
    return statement(date(2026, 1, 1), date(2026, 4, 30))


@pytest.fixture
def agent_of(seeded: None, settings: Settings, era: str) -> Callable[..., Client]:
    """Makes the agent of a user, with these scopes, of each era in turn."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    forget_snapshot()
    client = Client(application=mount(get_asgi_application()), era=era)
    return lambda user, *scopes: client.with_key(" ".join((user.username, *scopes)))
