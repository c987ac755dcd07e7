"""Responses that show what no row should: credentials, and columns that nobody has named."""

import re
from collections.abc import Iterator
from typing import Any

from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction
from django_mcp.contrib.drf.suggestions.dangers.nested_fields import levels_of

CREDENTIAL = re.compile(r"(?:^|_)(?:password|passwd|secret|token|api_?key|private_key)(?:$|_)")


def disclosure_dangers(action: ExaminedAction) -> Iterator[Danger]:
    """Yield the dangers of the fields that an action shows."""
    if action.response is None:
        return
    levels = list(levels_of(action.response, _is_shown))
    credentials = [
        each.path + name for each in levels for name in each.fields if CREDENTIAL.search(name)
    ]
    if credentials:
        reason = f"it shows {', '.join(map(repr, credentials))}"
        yield Danger(sort="credentials", reason=reason, withholds=True)
    if depth := getattr(levels[0].meta, "depth", 0):
        name = type(levels[0].serializer).__name__
        reason = f"{name} has depth = {depth}, which shows every column of related rows"
        yield Danger(sort="nested rows", reason=reason, withholds=False)


def _is_shown(field: Any) -> bool:
    return not field.write_only
