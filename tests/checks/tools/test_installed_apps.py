"""Packages that declare tools and are not installed."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.calls import offering
from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def act() -> None:
    """Act."""


@pytest.fixture(autouse=True)
def _project(settings: Settings, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    for name in ("notes", "plain", "node_modules", "services"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "services.py").write_text("import django_mcp\n")
    (tmp_path / "notes" / "__init__.py").touch()
    (tmp_path / "plain" / "__init__.py").touch()
    (tmp_path / "plain" / "services.py").write_text("import json  # not django_mcp\n")


def test_w033_tells_of_an_app_that_is_not_installed() -> None:
    with offering():
        messages, advice = found(), hints()

    assert set(messages) == {"W033"}
    assert advice["W033"] == ['Write INSTALLED_APPS = [*INSTALLED_APPS, "notes"] in the settings.']
    assert messages["W033"] == [
        (
            "notes/services.py declares tools, resources or prompts, and notes is not in "
            "INSTALLED_APPS: they are not served."
        )
    ]


def test_w033_is_silent_where_there_are_tools() -> None:
    with offering(act):
        assert found() == {}
