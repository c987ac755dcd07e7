"""Limits of requests: what counts them is installed."""

import sys

import pytest
from pytest_django import Settings

from tests.checks.messages import found, hints

pytestmark = pytest.mark.django_db

INSTALL = 'Run pip install "django-mcp-toolkit[ratelimit]", or set {} = None.'


@pytest.fixture
def without_ratelimit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "django_ratelimit", None)


@pytest.mark.usefixtures("without_ratelimit")
def test_limit_of_requests_needs_what_counts_them(settings: Settings) -> None:
    settings.DJANGO_MCP_REQUEST_RATE = "600/m"

    assert found()["E026"] == [
        (
            "DJANGO_MCP_REQUEST_RATE is set, and django-ratelimit, which counts requests for it, "
            "is not installed."
        )
    ]
    assert hints()["E026"] == [INSTALL.format("DJANGO_MCP_REQUEST_RATE")]


@pytest.mark.usefixtures("without_ratelimit")
def test_production_is_told_that_bad_credentials_are_not_limited() -> None:
    assert "W047" not in found()
    assert found(deploy=True)["W047"] == [
        (
            "Nothing limits requests with bad credentials: django-ratelimit, which counts them, "
            "is not installed."
        )
    ]
    assert hints(deploy=True)["W047"] == [INSTALL.format("DJANGO_MCP_FAILED_AUTHENTICATION_RATE")]


@pytest.mark.usefixtures("without_ratelimit")
def test_who_wants_no_limit_is_told_nothing(settings: Settings) -> None:
    settings.DJANGO_MCP_FAILED_AUTHENTICATION_RATE = None

    assert {"E026", "W047"}.isdisjoint(found(deploy=True))


@pytest.mark.oauth  # with which django-ratelimit comes
def test_what_is_installed_is_not_asked_for(settings: Settings) -> None:
    settings.DJANGO_MCP_REQUEST_RATE = "600/m"

    assert {"E026", "W047"}.isdisjoint(found(deploy=True))
