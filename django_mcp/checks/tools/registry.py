"""Check of the declarations."""

import sys
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.registry import get_registry

HINT = (
    "The endpoint does not start until this is mended: change the declaration, and run "
    '"python manage.py check" again.'
)


# `collectstatic` runs no checks but those with its tag.
@register(Tags.staticfiles)
def check_tools(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every declared tool, resource and prompt can be served."""
    try:
        get_registry()
    except ToolRegistrationError as error:
        problems: Sequence[str] = error.problems
    except Exception as error:  # noqa: BLE001  (a check tells, whatever it is)
        problems = [f"The declarations cannot be read: {error!r}"]
    else:
        return []
    if _serves_nothing():
        return [Warning(problem, hint=HINT, id=CheckId.INVALID_TOOL) for problem in problems]
    return [Error(problem, hint=HINT, id=CheckId.INVALID_TOOL) for problem in problems]


def _serves_nothing() -> bool:
    """Return whether the command is a step of a deployment or build that serves nothing.

    Django does not hand checks the command that runs them. Commands that are called from within
    another, by `call_command`, run no checks.
    """
    command = "".join(sys.argv[1:2])
    # "migrat" is a part of `migrate_schemas` and the like, too.
    return "migrat" in command or command == "collectstatic"
