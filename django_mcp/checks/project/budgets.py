"""Check of export budgets."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings
from django_mcp.policy.exports import general_budgets
from django_mcp.setting import PREFIX

BUDGETS = (
    Settings.EXPORT_ROWS_PER_HOUR,
    Settings.EXPORT_ROWS_PER_DAY,
    Settings.EXPORT_BYTES_PER_HOUR,
    Settings.EXPORT_BYTES_PER_DAY,
)


@register
def check_budgets(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every export budget limits something."""
    if any(each.problem() for each in BUDGETS):
        return []  # E003 tells
    return list(_idle_budgets())


def _idle_budgets() -> Iterator[CheckMessage]:
    limits = {(each.unit, each.period): each.limit for each in general_budgets()}
    for unit in ("rows", "bytes"):
        hour, day = limits.get((unit, "hour")), limits.get((unit, "day"))
        if hour is not None and day is not None and hour > day:
            name = f"{PREFIX}EXPORT_{unit.upper()}_PER"
            yield Warning(
                f"{name}_HOUR ({hour}) is more than {name}_DAY ({day}), so that it limits nothing.",
                hint=f"Set {name}_HOUR to less than {day}, or leave it out.",
                id=CheckId.IDLE_BUDGET,
            )
