"""Caches that cannot hold the state of circuit breakers."""

import pytest
from pytest_django import Settings

from django_mcp import Breaker
from tests.calls import offering
from tests.checks.messages import found

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

LOCAL = "django.core.cache.backends.locmem.LocMemCache"
DUMMY = "django.core.cache.backends.dummy.DummyCache"
REDIS = "django.core.cache.backends.redis.RedisCache"

NEVER = "Circuit breakers never open: "


def ask() -> str:
    """Ask the upstream."""
    return ""


def messages() -> tuple[list[str], list[str]]:
    everything = found()
    return everything.get("E030", []), everything.get("W055", [])


@pytest.mark.parametrize(
    ("backend", "debug", "errors", "warnings"),
    [
        (REDIS, False, [], []),
        (LOCAL, True, [], []),
        (
            LOCAL,
            False,
            [],
            ["Each process has circuit breakers of its own: no other sees its cache 'default'."],
        ),
        (DUMMY, True, [f"{NEVER}their cache 'default' keeps nothing."], []),
    ],
)
def test_cache_that_does_not_share_breakers_is_told(
    settings: Settings, backend: str, debug: bool, errors: list[str], warnings: list[str]
) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1"}}
    settings.DEBUG = debug

    with offering(ask, breaker=Breaker()):
        assert messages() == (errors, warnings)


def test_cache_that_is_not_there_is_told(settings: Settings) -> None:
    settings.DJANGO_MCP_CACHE = "limits"

    with offering(ask, breaker=Breaker()):
        assert messages() == (
            [f"{NEVER}DJANGO_MCP_CACHE names 'limits', which is not in CACHES."],
            [],
        )


def test_nothing_is_told_without_breakers(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": DUMMY}}

    with offering(ask):
        assert messages() == ([], [])
