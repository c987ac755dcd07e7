"""What the package's system checks find."""

from django.core.checks import run_checks
from pytest_django import Settings

from django_mcp.oauth_settings import provider_settings

URL = "https://shop.example/mcp"


def deploy(settings: Settings) -> None:
    """Set the project up as it would be in production."""
    settings.DJANGO_MCP_URL = URL
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **provider_settings(URL)}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache"}}


def hints() -> dict[str, list[str]]:
    """The package's hints, by id; every check of every app runs but those before a deployment."""
    given: dict[str, list[str]] = {}
    for message in run_checks():
        if isinstance(message.id, str) and message.id.startswith("django_mcp."):
            given.setdefault(message.id.removeprefix("django_mcp."), []).append(message.hint or "")
    return given


def found(*, deploy: bool = False, databases: list[str] | None = None) -> dict[str, list[str]]:
    """The package's messages, by id; every check of every app runs."""
    messages: dict[str, list[str]] = {}
    for message in run_checks(include_deployment_checks=deploy, databases=databases):
        if isinstance(message.id, str) and message.id.startswith("django_mcp."):
            messages.setdefault(message.id.removeprefix("django_mcp."), []).append(message.msg)
    return messages
