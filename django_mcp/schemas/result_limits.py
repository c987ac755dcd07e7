"""Limits of a result in rows and bytes. Nothing is cut to fit."""

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.db.models.query import RawQuerySet

from django_mcp.conf import settings
from django_mcp.exceptions import ResultTooLargeError


def bounded(rows: Iterable[Any]) -> list[Any]:
    """Return the items of any iterable; of a queryset fetch at most one more than the limit.

    Raises `ResultTooLargeError`.
    """
    limit = settings.MAX_ROWS + 1
    if isinstance(rows, QuerySet):
        found = list(rows if rows._result_cache is not None else _first(rows, limit))
    else:
        source = rows.iterator() if isinstance(rows, RawQuerySet) else rows
        found = list(islice(source, limit))
    check_rows(found)
    return found


def check_rows(rows: Collection[Any]) -> None:
    """Raise `ResultTooLargeError` when there are more than `DJANGO_MCP_MAX_ROWS`."""
    if len(rows) > settings.MAX_ROWS:
        raise too_many_rows()


def too_many_rows() -> ResultTooLargeError:
    """Return the error of a result with more rows than `DJANGO_MCP_MAX_ROWS`."""
    return ResultTooLargeError(
        f"The result has more than {settings.MAX_ROWS} rows.",
        hint="Ask for fewer: narrow the search.",
        advice="The option page_size=... serves a queryset in pages, and overflow=... shortens a "
        "list or stores it; DJANGO_MCP_MAX_ROWS is the limit.",
    )


def check_bytes(size: int) -> None:
    """Raise `ResultTooLargeError` when `size` is more than `DJANGO_MCP_MAX_RESULT_BYTES`."""
    if size > settings.MAX_RESULT_BYTES:
        raise too_many_bytes(settings.MAX_RESULT_BYTES, setting="DJANGO_MCP_MAX_RESULT_BYTES")


def check_file_bytes(size: int) -> None:
    """Raise `ResultTooLargeError` when a file of this size is larger than a result may be."""
    if size > settings.MAX_RESULT_BYTES:
        raise ResultTooLargeError(
            f"The file is larger than {settings.MAX_RESULT_BYTES} bytes.",
            hint="It is too large to be read here; no other call returns a part of it.",
            advice="DJANGO_MCP_MAX_RESULT_BYTES is the limit: raise it where files are served, or "
            "link to larger ones by a URL of the site.",
        )


def too_many_bytes(limit: int, *, setting: str) -> ResultTooLargeError:
    """Return the error of a result with more bytes than the setting allows."""
    return ResultTooLargeError(
        f"The result is larger than {limit} bytes.",
        hint="Ask for less: fewer rows, or a narrower search.",
        advice=f"Return less, or let overflow=... shorten or store it; {setting} is the limit.",
    )


def _first(rows: "QuerySet[Any]", limit: int) -> "QuerySet[Any]":
    # A slice that is as long as the limit or longer would not know of the rows behind it.
    return rows[:limit]
