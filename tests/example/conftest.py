"""The people, categories, budgets and services that the demo has, too."""

from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django import Settings

from example_project.demo.statements import statement


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
def media(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def bank_statement() -> str:
    return statement(date(2026, 1, 1), date(2026, 4, 30))
