"""Checks of the backend that runs background tools."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from django_mcp.background.backend import SHORT_NAMES, backend_path, get_backend
from django_mcp.checks.ids import CheckId
from django_mcp.checks.project.django_tasks import workers_advice
from django_mcp.conf import Settings, settings
from django_mcp.primitives.declaration import declarations_of
from django_mcp.tools.declaration import ToolOptions

CELERY_BACKEND = SHORT_NAMES["celery"]
DJANGO_TASKS_BACKEND = SHORT_NAMES["django_tasks"]
THREADS_BACKEND = SHORT_NAMES["threads"]
LOSING_TRANSPORTS = ("memory", "sqla", "sqlalchemy")
"""Transports that keep messages in one process, or have no broadcast to workers."""


@register
def check_background(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the background backend exists and hands tools to workers."""
    if Settings.BACKGROUND_BACKEND.problem() or Settings.CELERY_APP.problem():
        return []  # check_settings tells
    name = settings.BACKGROUND_BACKEND
    if name not in SHORT_NAMES and "." not in name:
        return [
            Error(
                f"No background backend is called {name!r}.",
                hint=f"Set {Settings.BACKGROUND_BACKEND.name} to one of "
                f"{', '.join(map(repr, SHORT_NAMES))}, or to the dotted path of a backend.",
                id=CheckId.INVALID_BACKGROUND_BACKEND,
            )
        ]
    if backend_path() == DJANGO_TASKS_BACKEND:
        return []  # check_django_tasks tells
    if backend_path() == CELERY_BACKEND and find_spec("celery") is None:
        return [
            Error(
                "The Celery backend needs Celery.",
                hint='Run pip install "django-mcp-toolkit[celery]", or set '
                f'{Settings.BACKGROUND_BACKEND.name} = "threads".',
                id=CheckId.MISSING_CELERY,
            )
        ]
    try:
        backend = get_backend()
        found = list(_celery_problems(backend)) if backend_path() == CELERY_BACKEND else []
    except Exception as error:  # noqa: BLE001  (a backend may raise anything)
        return [
            Error(
                f"The background backend cannot be made: {error!r}",
                hint=f'Set {Settings.BACKGROUND_BACKEND.name} to "celery", "threads" or the '
                f"dotted path of a class, and {Settings.CELERY_APP.name} to that of your Celery "
                'app, such as "project.celery.app".',
                id=CheckId.INVALID_BACKGROUND_BACKEND,
            )
        ]
    return found


@register(Tags.security, deploy=True)
def check_background_deployment(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that background tools have workers of their own."""
    if Settings.BACKGROUND_BACKEND.problem():
        return []  # check_settings tells
    has_tools = any(declaration.background for declaration in declarations_of(ToolOptions))
    if not has_tools or backend_path() != THREADS_BACKEND:
        return []
    return [
        Warning(
            "Background tools run on threads of the web processes, and end with them.",
            hint=f'Set {Settings.BACKGROUND_BACKEND.name} = "celery" and run: celery --app project '
            f'worker. Or set {Settings.BACKGROUND_BACKEND.name} = "django_tasks". '
            f"{workers_advice()} The guide “Run slow tools in the background” compares them.",
            id=CheckId.THREADS_IN_PRODUCTION,
        )
    ]


def _celery_problems(backend: Any) -> Iterator[CheckMessage]:
    if backend.is_eager:
        yield Error(
            "Celery runs tasks at once, within the request: CELERY_TASK_ALWAYS_EAGER is set.",
            hint="Take CELERY_TASK_ALWAYS_EAGER (task_always_eager) out of the settings. In tests "
            f'set {Settings.BACKGROUND_BACKEND.name} = "threads".',
            id=CheckId.EAGER_CELERY,
        )
    if backend.transport in LOSING_TRANSPORTS:
        yield Error(
            f"Workers in other processes cannot rely on the broker {backend.transport!r}.",
            hint="Use Redis or RabbitMQ: set CELERY_BROKER_URL (broker_url) to "
            '"redis://127.0.0.1:6379/0" or "amqp://guest:guest@127.0.0.1:5672//", for example.',
            id=CheckId.UNRELIABLE_BROKER,
        )
