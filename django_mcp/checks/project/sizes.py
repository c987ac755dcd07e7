"""Check of the limits of sizes against each other."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings

MAX_LEVELS = 150
"""Levels of an argument that every part of the way of a call can read."""

PAIRS = (
    (Settings.MAX_ARGUMENT_BYTES, Settings.MAX_REQUEST_BYTES),
    (Settings.MAX_RESULT_BYTES, Settings.MAX_STORED_RESULT_BYTES),
    (Settings.MAX_ROWS, Settings.MAX_STORED_ROWS),
    (Settings.MAX_STORED_RESULT_BYTES, Settings.MAX_STORED_BYTES_PER_CALLER),
)
"""Pairs of a limit and another that it can only reach if that is not lower."""


@register
def check_sizes(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no limit of a size is beyond what another one, or Python, lets through."""
    sizes = (Settings.MAX_ARGUMENT_DEPTH, *(each for pair in PAIRS for each in pair))
    if any(each.problem() for each in sizes):
        return []  # E003 tells
    return list(_problems())


def _problems() -> Iterator[CheckMessage]:
    if settings.MAX_ARGUMENT_DEPTH > MAX_LEVELS:
        yield Error(
            f"{Settings.MAX_ARGUMENT_DEPTH.name} is {settings.MAX_ARGUMENT_DEPTH}, and arguments "
            f"can be read to a depth of {MAX_LEVELS}.",
            hint=f"Set {Settings.MAX_ARGUMENT_DEPTH.name} = {MAX_LEVELS}, or less.",
            id=CheckId.UNREADABLE_ARGUMENT_DEPTH,
        )
    for part, whole in PAIRS:
        limit, other = part.__get__(settings, Settings), whole.__get__(settings, Settings)
        if limit > other:
            yield Warning(
                f"{part.name} is more than {whole.name}, which comes first.",
                hint=f"Set {whole.name} = {limit}, or {part.name} = {other}.",
                id=CheckId.UNREACHABLE_SIZE,
            )
