"""Check of settings that are allowed in development only."""

import pytest
from pytest_django import Settings

from tests.checks.messages import WORKERS, deploy, found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


class TestDeployment:
    def test_w001_tells_that_anonymous_callers_may_come(self, settings: Settings) -> None:
        deploy(settings)
        settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
        settings.DJANGO_MCP_BACKGROUND_BACKEND = WORKERS

        assert "W001" not in found()
        assert set(found(deploy=True)) == {"W001"}

    @pytest.mark.parametrize(
        ("url", "is_told"),
        [
            ("http://shop.example/mcp", True),
            ("HTTP://shop.example/mcp", True),
            ("http://localhost.shop.example/mcp", True),
            ("http://127.0.0.1.nip.io/mcp", True),
            ("https://shop.example/mcp", False),
            ("http://localhost:8000/mcp", False),
            ("http://127.0.0.1:8000/mcp", False),
            ("http://[::1]:8000/mcp", False),
        ],
    )
    def test_w006_tells_that_tokens_travel_in_the_clear(
        self, settings: Settings, url: str, is_told: bool
    ) -> None:
        settings.DJANGO_MCP_URL = url

        assert "W006" not in found()
        assert ("W006" in found(deploy=True)) is is_told
        if is_told:
            (hint,) = hints(deploy=True)["W006"]
            assert f'DJANGO_MCP_URL = "https{url[4:]}"' in hint
