"""System checks of a whole project: none tells of a good one, and `manage.py check` runs them."""

from pathlib import Path

import pytest
from django.db import connections
from pytest_django import Settings

from tests.checks.messages import WORKERS, deploy, found
from tests.processes import check_project

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def test_a_good_project_has_nothing_to_mend() -> None:
    assert found() == {}


def test_a_good_project_has_nothing_to_mend_before_its_deployment(settings: Settings) -> None:
    deploy(settings)
    settings.DJANGO_MCP_BACKGROUND_BACKEND = WORKERS

    assert found(deploy=True, databases=list(connections)) == {}


class TestCommand:
    """`manage.py check`, as people run it."""

    def test_a_project_without_a_url_is_told_how_to_mend_it(self, tmp_path: Path) -> None:
        answer = check_project(tmp_path, "DJANGO_MCP_URL = ''")

        assert answer.returncode == 1
        assert "Set DJANGO_MCP_URL to the endpoint's public URL." in answer.stderr

    @pytest.mark.oauth
    def test_e005_tells_that_the_toolkit_is_missing(self, tmp_path: Path) -> None:
        answer = check_project(tmp_path, "INSTALLED_APPS.remove('oauth2_provider')")

        assert answer.returncode == 1
        assert "django_mcp.E005" in answer.stderr
        assert answer.stderr.count("django_mcp.") == 1 + answer.stderr.count("django_mcp.auth")

    @pytest.mark.oauth
    def test_other_authenticators_need_no_toolkit(self, tmp_path: Path) -> None:
        answer = check_project(
            tmp_path, "INSTALLED_APPS.remove('oauth2_provider')", "DJANGO_MCP_AUTHENTICATORS = []"
        )

        assert (answer.returncode, answer.stderr) == (0, "")
