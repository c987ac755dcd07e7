"""Check of the function that makes the labels of users."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from django_mcp.checks.ids import CheckId
from django_mcp.checks.project.function_paths import function_problem
from django_mcp.conf import Settings, settings


@register
def check_user_label(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the function that makes the labels of users can be imported and called."""
    if Settings.USER_LABEL.problem():
        return []  # E003 tells
    problem = function_problem(settings.USER_LABEL)
    if not problem:
        return []
    return [
        Error(
            f"{Settings.USER_LABEL.name} {problem}.",
            hint=f'Set {Settings.USER_LABEL.name} = "{Settings.USER_LABEL.default}", the default, '
            "or to another function that takes a user and returns a str.",
            id=CheckId.INVALID_USER_LABEL,
        )
    ]
