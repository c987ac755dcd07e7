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
