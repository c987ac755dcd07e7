"""Check of `DJANGO_MCP_EXCEPTIONS`."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.exceptions import DjangoMCPError


@register
def check_exceptions(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the mapped exceptions and their handlers exist."""
    if Settings.EXCEPTIONS.problem():
        return []  # E003 tells
    return [
        Error(
            f"{Settings.EXCEPTIONS.name} {problem}.",
            hint="Write the dotted path of an exception class, and that of a function or None: "
            f'{Settings.EXCEPTIONS.name} = {{"shop.errors.SoldOut": "shop.errors.explain"}}.',
            id=CheckId.INVALID_EXCEPTION_MAPPING,
        )
        for path, handler in settings.EXCEPTIONS.items()
        for problem in _mapping_problems(path, handler)
    ]


def _mapping_problems(path: str, handler: str | None) -> Iterator[str]:
    error, reason = _imported(path)
    if reason:
        yield reason
    elif not (isinstance(error, type) and issubclass(error, Exception)):
        yield f"names {path}, which is no exception class"
    elif issubclass(error, DjangoMCPError):
        yield f"names {path}, an exception of django_mcp, which reaches clients unchanged"
    if handler is not None:
        function, reason = _imported(handler)
        if reason:
            yield reason
        elif not callable(function):
            yield f"names {handler}, which cannot be called"


def _imported(path: str) -> tuple[Any, str]:
    try:
        return import_string(path), ""
    except Exception as error:  # noqa: BLE001  (a check tells, whatever it is)
        return None, f"names {path}, which cannot be imported: {error}"
