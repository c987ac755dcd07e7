"""The tools themselves."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.tools.registry import get_registry


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
