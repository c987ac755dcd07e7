"""Actions that delete, and those that write by GET."""

import re
from collections.abc import Iterator

from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction

DELETING = {"delete", "adelete", "destroy", "perform_destroy", "_raw_delete"}
"""Names of methods that delete."""

WRITING = {
    "save",
    "asave",
    "bulk_create",
    "abulk_create",
    "bulk_update",
    "abulk_update",
    "get_or_create",
    "aget_or_create",
    "update_or_create",
    "aupdate_or_create",
}
"""Names of methods that write."""

WORDS = re.compile(
    r"(?:^|[_-])(?:delete|destroy|remove|purge|clear|wipe|erase|truncate|drop)(?:$|[_-])"
)


def deletion_dangers(action: ExaminedAction) -> Iterator[Danger]:
    """Yield the dangers of an action that deletes, or that writes though it is called by GET."""
    operation = action.operation
    deleting = sorted(DELETING & action.names.all)
    if operation.method == "delete":
        yield Danger(sort="deletes", reason="it is called by DELETE", withholds=True)
    elif deleting:
        reason = f"its code names {deleting[0]}()"
        yield Danger(sort="deletes", reason=reason, withholds=True)
    elif not action.is_read_only and WORDS.search(operation.action):
        yield Danger(sort="deletes", reason="its name says so", withholds=True)
    writing = sorted((DELETING | WRITING) & action.names.all)
    if action.is_read_only and writing:
        yield Danger(
            sort="writes by GET",
            reason=f"its code names {writing[0]}(): pass read_only=False if it changes anything",
            withholds=True,
        )
