"""Check of the function that prepares the requests of views."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from django_mcp.checks.ids import CheckId
from django_mcp.checks.project.function_paths import function_problem
from django_mcp.conf import Settings, settings


@register
def check_drf_request(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the function that prepares the requests of views can be imported and called."""
    if Settings.DRF_REQUEST.problem() or not settings.DRF_REQUEST:
        return []  # E003 tells
    problem = function_problem(settings.DRF_REQUEST)
    if not problem:
        return []
    return [
        Error(
            f"{Settings.DRF_REQUEST.name} {problem}.",
            hint="Name a function that takes a request and a principal, and changes the request.",
            id=CheckId.INVALID_DRF_REQUEST,
        )
    ]
