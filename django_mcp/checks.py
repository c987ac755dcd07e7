"""System checks: what is wrong, or risky, in how a project uses the package."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig, apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.urls import NoReverseMatch, reverse

from django_mcp.auth.base import authenticators
from django_mcp.conf import PREFIX, Settings, declared_settings, settings
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.execution.backends import SHORT_NAMES, backend_path, get_backend
from django_mcp.principals import Endpoint
from django_mcp.tools.declaration import declarations
from django_mcp.tools.registry import get_registry

OAUTH_AUTHENTICATOR = "django_mcp.auth.oauth.OAuthAuthenticator"
CELERY_BACKEND = SHORT_NAMES["celery"]
EMBEDDED_BACKEND = SHORT_NAMES["embedded"]
LOSING_TRANSPORTS = ("memory", "sqla", "sqlalchemy")
"""They keep messages in one process, or tell workers of nothing but new messages."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@register
def check_settings(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting holds what it should, and none is misspelt."""
    found: list[CheckMessage] = [
        Error(f"{setting.name} {problem}.", hint=setting.help, id="django_mcp.E003")
        for setting in declared_settings()
        if (problem := setting.problem())
    ]
    known = {setting.name for setting in declared_settings()}
    found += [
        Warning(f"{name} is not a setting of django_mcp.", id="django_mcp.W008")
        for name in sorted(dir(django_settings))
        if name.startswith(PREFIX) and name not in known
    ]
    if not hasattr(django_settings, Settings.ENABLE_NEW_GROUPS.name):
        found.append(
            Info(
                "New tool groups start disabled.",
                hint="Enable them in the admin as they come, or say with "
                f"{Settings.ENABLE_NEW_GROUPS.name} whether they start enabled.",
                id="django_mcp.I001",
            )
        )
    return found


@register
def check_endpoint(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The endpoint has a URL, and the site has its routes."""
    try:
        Endpoint.from_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=Settings.URL.help, id="django_mcp.E001")]
    if not _is_routed("django_mcp:endpoint"):
        return [
            Warning(
                "The URLs of django_mcp are not included.",
                hint='Add path("", include("django_mcp.urls")) to the root URLconf; clients look '
                "there for the metadata of OAuth.",
                id="django_mcp.W005",
            )
        ]
    return []


@register
def check_tools(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every declared tool can be served."""
    try:
        get_registry()
    except ToolRegistrationError as error:
        return [Error(problem, id="django_mcp.E002") for problem in error.problems]
    except Exception as error:  # noqa: BLE001  (a check tells, whatever it is)
        return [Error(f"The tools cannot be read: {error!r}", id="django_mcp.E002")]
    return []


@register(Tags.security)
def check_authentication(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The authenticators exist, and the scopes of the tools can be granted."""
    if Settings.AUTHENTICATORS.problem():
        return []  # check_settings tells
    is_oauth = OAUTH_AUTHENTICATOR in settings.AUTHENTICATORS
    if is_oauth and not apps.is_installed("oauth2_provider"):
        return [
            Error(
                "The OAuth authenticator needs django-oauth-toolkit.",
                hint="Install django-mcp-toolkit[oauth] and add 'oauth2_provider' to "
                f"INSTALLED_APPS, or name others in {Settings.AUTHENTICATORS.name}.",
                id="django_mcp.E005",
            )
        ]
    try:
        authenticators()
    except Exception as error:  # noqa: BLE001  (an authenticator may raise anything)
        return [Error(f"An authenticator cannot be made: {error!r}", id="django_mcp.E004")]
    return list(_oauth_problems()) if is_oauth else []


@register(Tags.security, deploy=True)
def check_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """What is fine in development and not in production."""
    found: list[CheckMessage] = []
    if settings.ALLOW_ANONYMOUS:
        found.append(
            Warning(
                "Anonymous callers may use every tool that asks for no scope or user.",
                hint=f"Set {Settings.ALLOW_ANONYMOUS.name} to False.",
                id="django_mcp.W001",
            )
        )
    if _is_in_the_clear():
        found.append(
            Warning(
                "The endpoint's URL is not https: tokens travel in the clear.",
                hint=Settings.URL.help,
                id="django_mcp.W006",
            )
        )
    return found


@register
def check_background(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Background tools can be handed to workers, which keep what they are handed."""
    if Settings.BACKGROUND_BACKEND.problem() or Settings.CELERY_APP.problem():
        return []  # check_settings tells
    if backend_path() == CELERY_BACKEND and find_spec("celery") is None:
        return [
            Error(
                "The Celery backend needs Celery.",
                hint="Install django-mcp-toolkit[celery], or choose another in "
                f"{Settings.BACKGROUND_BACKEND.name}.",
                id="django_mcp.E006",
            )
        ]
    try:
        backend = get_backend()
        found = list(_celery_problems(backend)) if backend_path() == CELERY_BACKEND else []
    except Exception as error:  # noqa: BLE001  (a backend may raise anything)
        return [
            Error(
                f"The background backend cannot be made: {error!r}",
                hint=Settings.BACKGROUND_BACKEND.help,
                id="django_mcp.E007",
            )
        ]
    return found


@register(Tags.security, deploy=True)
def check_background_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Background tools have workers of their own."""
    if Settings.BACKGROUND_BACKEND.problem():
        return []  # check_settings tells
    has_tools = any(declaration.background for declaration in declarations())
    if not has_tools or backend_path() != EMBEDDED_BACKEND:
        return []
    return [
        Warning(
            "Background tools run on threads of the web processes, and end with them.",
            hint=f'Set {Settings.BACKGROUND_BACKEND.name} to "celery", and run a worker.',
            id="django_mcp.W009",
        )
    ]


@register(Tags.database)
def check_databases(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """SQLite is set up for writers that come at the same time."""
    return [
        Warning(
            f"The SQLite database {alias!r} will refuse calls that write at the same time.",
            hint='Set OPTIONS to {"transaction_mode": "IMMEDIATE", "timeout": 20, '
            '"init_command": "PRAGMA journal_mode=WAL"}.',
            id="django_mcp.W003",
        )
        for alias in kwargs.get("databases") or ()
        if connections[alias].vendor == "sqlite"
        and _transaction_mode(alias) not in ("IMMEDIATE", "EXCLUSIVE")
    ]


def _is_routed(name: str) -> bool:
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return False
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


def _is_in_the_clear() -> bool:
    try:
        parts = urlsplit(Endpoint.from_settings().url)
    except ImproperlyConfigured:
        return False  # check_endpoint tells
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _transaction_mode(alias: str) -> str:
    options = connections[alias].settings_dict.get("OPTIONS", {})
    return (options.get("transaction_mode") or "").upper()


def _celery_problems(backend: Any) -> Iterator[CheckMessage]:
    if backend.is_eager:
        yield Error(
            "Celery runs tasks at once, within the request: CELERY_TASK_ALWAYS_EAGER is set.",
            hint=f'Unset it. In tests set {Settings.BACKGROUND_BACKEND.name} to "embedded".',
            id="django_mcp.E008",
        )
    if backend.transport in LOSING_TRANSPORTS:
        yield Error(
            f"No worker in another process can be relied on over the broker {backend.transport!r}.",
            hint="Use Redis or RabbitMQ.",
            id="django_mcp.E009",
        )


def _oauth_problems() -> Iterator[CheckMessage]:
    from django_mcp.auth.metadata import authorization_servers, has_foreign_tokens
    from django_mcp.auth.scopes import ungrantable_scopes

    try:
        endpoint = Endpoint.from_settings()
    except ImproperlyConfigured:
        return  # check_endpoint tells
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return  # of this, too
    try:
        missing = [] if has_foreign_tokens(endpoint) else ungrantable_scopes()
    except Exception:  # noqa: BLE001
        # check_tools tells of the tools; a scopes backend of the host's may need its tables first.
        missing = []
    if missing:
        yield Warning(
            f"No token of ours can hold these scopes of the tools: {' '.join(missing)}.",
            hint="Spread django_mcp.oauth_settings.provider_settings() into OAUTH2_PROVIDER, or "
            "add them to its SCOPES.",
            id="django_mcp.W004",
        )
    if not authorization_servers(endpoint):
        yield Warning(
            "The URLs of OAuth are not included, and no other authorization server is named: "
            "clients cannot get a token.",
            hint=f'Set {Settings.OAUTH_PATH.name} to "o/", or add path("o/", '
            'include("django_mcp.oauth_urls", namespace="oauth2_provider")), or name the server '
            "in OAUTH2_PROVIDER as OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS.",
            id="django_mcp.W007",
        )
