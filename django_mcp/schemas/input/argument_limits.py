"""Limits of a call's arguments in depth and in bytes."""

from collections.abc import Mapping
from functools import reduce
from json import JSONEncoder
from typing import Any

from django_mcp.conf import settings
from django_mcp.exceptions import InvalidArgumentsError, Violation
from django_mcp.schemas.depth import is_nested_deeper, place_beyond
from django_mcp.schemas.errors.argument_paths import join_path

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Raise `InvalidArgumentsError` for arguments that are nested too deep, or are too large.

    The limits are `DJANGO_MCP_MAX_ARGUMENT_DEPTH` and `DJANGO_MCP_MAX_ARGUMENT_BYTES`.
    """
    levels = settings.MAX_ARGUMENT_DEPTH + 1  # with the object that holds the arguments
    if is_nested_deeper(arguments, levels):
        path = reduce(join_path, place_beyond(arguments, levels), "")
        raise _refused(path, f"is nested deeper than {settings.MAX_ARGUMENT_DEPTH} levels")
    if _size(arguments) > settings.MAX_ARGUMENT_BYTES:
        largest = max(arguments, key=lambda name: _size({name: arguments[name]}))
        raise _refused(
            "",
            f"must have at most {settings.MAX_ARGUMENT_BYTES} bytes of JSON in all; the largest is "
            f"{join_path('', largest)}",
        )


def _size(value: Any) -> int:
    # What is no Unicode is refused later, in words of its own.
    return len(_encode(value).encode(errors="surrogatepass"))


def _refused(path: str, reason: str) -> InvalidArgumentsError:
    return InvalidArgumentsError([Violation(path=path, reason=reason)])
