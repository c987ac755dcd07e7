"""Checks of closed tool groups."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Info, Tags, Warning, register
from django.db import connections, router

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.models import ToolGroup
from django_mcp.policy.operator_messages import closed_groups_advice, enable_command
from django_mcp.primitives.declaration import declarations


@register
def check_new_groups(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the project decides whether new tool groups start open."""
    if Settings.ENABLE_NEW_GROUPS.name in dir(django_settings):
        return []
    return [
        Info(
            "New tool groups start closed: no client sees what is in them.",
            hint=f"Set {Settings.ENABLE_NEW_GROUPS.name} = True, or False and open each group in "
            'the admin under "Tool groups", or after migrate by '
            f"{enable_command(_declared_groups() or ['GROUP'])}",
            id=CheckId.UNSET_ENABLE_NEW_GROUPS,
        )
    ]


@register(Tags.database)
def check_open_groups(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that some tool group is open."""
    alias = router.db_for_read(ToolGroup)
    groups = _declared_groups()
    if not groups or alias not in (kwargs.get("databases") or ()):
        return []
    if Settings.ENABLE_NEW_GROUPS.problem():
        return []  # check_settings tells
    if ToolGroup._meta.db_table not in connections[alias].introspection.table_names():
        return []  # `migrate` makes it, after this check
    # By two columns that every version of the table has: this also runs before a migration.
    enabled = dict(ToolGroup.objects.using(alias).values_list("name", "enabled"))
    if any(enabled.get(name, settings.ENABLE_NEW_GROUPS) for name in groups):
        return []
    return [
        Warning(
            "No client sees anything: every tool group is closed.",
            hint=closed_groups_advice(groups),
            id=CheckId.CLOSED_GROUPS,
        )
    ]


def _declared_groups() -> list[str]:
    return sorted({declaration.group for declaration in declarations()})
