"""Check of the limits of sizes against each other."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings

MAX_LEVELS = 150
"""Levels of an argument that every part of the way of a call can read."""


@register
def check_sizes(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no limit of a size is beyond what another one, or Python, lets through."""
    sizes = (Settings.MAX_ARGUMENT_DEPTH, Settings.MAX_ARGUMENT_BYTES, Settings.MAX_REQUEST_BYTES)
    if any(each.problem() for each in sizes):
        return []  # E003 tells
    return list(_problems())


def _problems() -> Iterator[CheckMessage]:
    if settings.MAX_ARGUMENT_DEPTH > MAX_LEVELS:
        yield Error(
            f"{Settings.MAX_ARGUMENT_DEPTH.name} is {settings.MAX_ARGUMENT_DEPTH}, and arguments "
            f"can be read to a depth of {MAX_LEVELS}.",
            hint=f"Set it to {MAX_LEVELS} or less.",
            id=CheckId.UNREADABLE_ARGUMENT_DEPTH,
        )
    if settings.MAX_ARGUMENT_BYTES > settings.MAX_REQUEST_BYTES:
        yield Warning(
            f"{Settings.MAX_ARGUMENT_BYTES.name} is more than {Settings.MAX_REQUEST_BYTES.name}: a "
            "request with as many bytes of arguments is refused before they are read.",
            hint=f"Raise {Settings.MAX_REQUEST_BYTES.name}, or lower "
            f"{Settings.MAX_ARGUMENT_BYTES.name}.",
            id=CheckId.UNREACHABLE_ARGUMENT_BYTES,
        )
