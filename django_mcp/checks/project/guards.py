"""Check of the project's guards."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from django_mcp.calls.guard import Guard
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings

PHASES = ("before", "after", "ended")


@register
def check_guards(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every path in `DJANGO_MCP_GUARDS` names a guard."""
    if Settings.GUARDS.problem():
        return []  # E003 tells
    problems = ((path, _problem(path)) for path in settings.GUARDS)
    return [
        Error(
            f"{Settings.GUARDS.name} names {path!r}, which {problem}.",
            hint="Write the dotted paths of subclasses of django_mcp.guards.Guard: "
            f'{Settings.GUARDS.name} = ["shop.guards.OfficeHours"], for example.',
            id=CheckId.INVALID_GUARD,
        )
        for path, problem in problems
        if problem
    ]


def _problem(path: Any) -> str:
    try:
        kind = import_string(path)
    except Exception as error:  # noqa: BLE001  (a check tells, whatever it is)
        return f"cannot be imported: {error}"
    if not (isinstance(kind, type) and issubclass(kind, Guard)):
        return "is no subclass of Guard"
    for name in PHASES:
        twins = (name, f"a{name}")
        if all(getattr(kind, each) is not getattr(Guard, each) for each in twins):
            return f"defines both {name} and a{name}"
    try:
        kind()
    except Exception as error:  # noqa: BLE001  (a check tells, whatever it is)
        return f"cannot be made without arguments: {error}"
    return ""
