"""Messages of the package's system checks, by id."""

from typing import Any

from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

import tests.urls  # noqa: F401  (the routes are read once, and here the settings are good)
from django_mcp.oauth_settings import provider_settings
from django_mcp.primitives import registry as registries

URL = "https://shop.example/mcp"

WORKERS = "tests.background.backends.HoldingBackend"
"""A backend that has workers, as far as anybody knows."""


def deploy(settings: Settings) -> None:
    """Set the project up as it would be in production."""
    settings.DJANGO_MCP_URL = URL
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **provider_settings(URL)}
    redis = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": redis, "LOCATION": "redis://127.0.0.1:1"}}


def found(*, deploy: bool = False, databases: list[str] | None = None) -> dict[str, list[str]]:
    """The package's messages, by id; every check of every app runs."""
    given = _given(deploy=deploy, databases=databases)
    return {id: [str(message.msg) for message in messages] for id, messages in given.items()}


def hints(*, deploy: bool = False, databases: list[str] | None = None) -> dict[str, list[str]]:
    """The hints of the package's messages, by id."""
    given = _given(deploy=deploy, databases=databases)
    return {id: [str(message.hint) for message in messages] for id, messages in given.items()}


def _given(*, deploy: bool, databases: list[str] | None) -> dict[str, list[CheckMessage]]:
    given: dict[str, list[CheckMessage]] = {}
    for message in run_checks(include_deployment_checks=deploy, databases=databases):
        if isinstance(message.id, str) and message.id.startswith("django_mcp."):
            given.setdefault(message.id.removeprefix("django_mcp."), []).append(message)
    return given


def fresh_registry() -> Any:
    """Build the registry anew inside the block."""
    return registries.using_registry(None)  # type: ignore[arg-type]
