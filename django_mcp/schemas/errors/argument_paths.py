"""Paths in the arguments of a call, such as `items[0].price`, and violations by path."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from django_mcp.exceptions import Violation

MAX_VIOLATIONS = 50
MAX_NAME_CHARACTERS = 64


def violation_list(reasons: Mapping[str, Sequence[str]]) -> list[Violation]:
    """Return at most `MAX_VIOLATIONS`, one for each path, and the number of the others."""
    listed = [
        Violation(path=path, reason=", or ".join(reasons[path]))
        for path in list(reasons)[:MAX_VIOLATIONS]
    ]
    if len(reasons) > MAX_VIOLATIONS:
        rest = len(reasons) - MAX_VIOLATIONS
        listed.append(Violation(path="", reason=f"break the input schema in {rest} more places"))
    return listed


def locate(location: Sequence[int | str], arguments: Any, *, is_missing: bool) -> tuple[str, Any]:
    """Return a location written as `items[0].price`, and the value there.

    Pydantic's labels for the alternatives of a union are left out. A last step that does not exist
    is left out too, unless `is_missing`.
    """
    path, here = "", arguments
    for position, step in enumerate(location):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif is_missing and position == len(location) - 1:
            here = None
        else:
            continue
        path = join_path(path, step)
    return path, here


def join_path(path: str, step: int | str) -> str:
    """Return `path` with one more step, an index or a bounded name."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    name = step[:MAX_NAME_CHARACTERS].replace("\x00", "\ufffd")
    return f"{path}.{name}" if path else name


def null_characters(arguments: Any) -> list[Violation]:
    """Return a violation for each U+0000, which Django's forms and PostgreSQL refuse."""
    reasons: dict[str, list[str]] = {}
    pending = deque([("", arguments)])
    while pending:
        path, value = pending.popleft()
        if isinstance(value, dict):
            pending.extend((join_path(path, key), item) for key, item in value.items())
            # A name breaks the rule where it stands.
            value = next((key for key in value if "\x00" in key), None)
        elif isinstance(value, list):
            pending.extend((join_path(path, index), item) for index, item in enumerate(value))
        if isinstance(value, str) and "\x00" in value:
            reasons[path] = ["must not hold the character U+0000"]
    return violation_list(reasons)
