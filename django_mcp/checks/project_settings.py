"""The settings of the package."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Info, Warning, register

from django_mcp.conf import PREFIX, Settings, declared_settings


@register
def check_settings(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting holds what it should, and none is misspelt."""
    found: list[CheckMessage] = [
        Error(f"{setting.name} {problem}.", hint=setting.help, id="django_mcp.E003")
        for setting in declared_settings()
        if (problem := setting.problem())
    ]
    set_by_project = sorted(dir(django_settings))
    known = {setting.name for setting in declared_settings()}
    found += [
        Warning(f"{name} is not a setting of django_mcp.", id="django_mcp.W008")
        for name in set_by_project
        if name.startswith(PREFIX) and name not in known
    ]
    if Settings.ENABLE_NEW_GROUPS.name not in set_by_project:
        found.append(
            Info(
                "New tool groups start disabled.",
                hint="Enable them in the admin as they come, or say with "
                f"{Settings.ENABLE_NEW_GROUPS.name} whether they start enabled.",
                id="django_mcp.I001",
            )
        )
    return found
