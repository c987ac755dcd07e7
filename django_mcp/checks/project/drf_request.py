"""Check of the function that prepares the requests of views."""

from collections.abc import Sequence
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings


@register
def check_drf_request(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the function that prepares the requests of views can be imported and called."""
    if Settings.DRF_REQUEST.problem() or not settings.DRF_REQUEST:
        return []  # E003 tells
    problem = _problem(settings.DRF_REQUEST)
    if not problem:
        return []
    return [
        Error(
            f"{Settings.DRF_REQUEST.name} {problem}.",
            hint="Name a function that takes a request and a principal, and changes the request.",
            id=CheckId.INVALID_DRF_REQUEST,
        )
    ]


def _problem(path: str) -> str:
    try:
        function = import_string(path)
    except Exception as error:  # noqa: BLE001  (a check tells, whatever it is)
        return f"names {path!r}, which cannot be imported: {error}"
    if not callable(function):
        return f"names {path!r}, which cannot be called"
    if iscoroutinefunction(function):
        return f"names {path!r}, which is async"
    return ""
