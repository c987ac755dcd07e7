"""Checks of the backend that runs background tools."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from django_mcp import tool
from django_mcp.primitives.declaration import collecting
from tests.checks.messages import WORKERS, deploy, found

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


class TestBackground:
    def test_backend_that_cannot_be_made_is_told(self, settings: Settings) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = "shop.Backend"

        assert set(found()) == {"E007"}

    @pytest.mark.parametrize("name", ["celerey", ""])
    def test_backend_of_an_unknown_name_is_told_with_the_known_ones(
        self, settings: Settings, name: str
    ) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = name

        with pytest.raises(SystemCheckError) as refused:
            call_command("check")

        assert f"(django_mcp.E007) No background backend is called {name!r}." in str(refused.value)
        assert "to one of 'celery', 'django_tasks', 'inline', 'threads', or" in str(refused.value)

    def test_backend_of_the_wrong_type_is_told_once(self, settings: Settings) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = None

        assert set(found()) == {"E003"}

    def test_threads_backend_is_not_for_deployment(self, settings: Settings) -> None:
        deploy(settings)

        with collecting():
            assert found(deploy=True) == {}
            tool(background=True)(lambda: None)

            assert set(found()) == set()
            assert set(found(deploy=True)) == {"W009"}
            settings.DJANGO_MCP_BACKGROUND_BACKEND = WORKERS
            assert found(deploy=True) == {}

    def test_celery_that_is_not_installed_is_told(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.DJANGO_MCP_BACKGROUND_BACKEND = "celery"
        monkeypatch.setattr("django_mcp.checks.project.background.find_spec", lambda name: None)

        assert set(found()) == {"E006"}

    @pytest.mark.parametrize(
        ("name", "ids"),
        [
            ("good", set()),
            ("eager", {"E008"}),
            ("sqla", {"E009"}),
            ("memory", {"E009"}),
            ("absent", {"E007"}),
        ],
    )
    def test_celery_app_that_cannot_be_relied_on_is_told(
        self, settings: Settings, name: str, ids: set[str]
    ) -> None:
        pytest.importorskip("celery")
        settings.DJANGO_MCP_BACKGROUND_BACKEND = "celery"
        settings.DJANGO_MCP_CELERY_APP = f"tests.celery_apps.{name}"

        assert set(found()) == ids
