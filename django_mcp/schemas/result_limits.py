"""Limits of a result in rows and bytes. Nothing is cut to fit."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.db.models.query import RawQuerySet

from django_mcp.conf import settings
from django_mcp.exceptions import ResultTooLargeError


@dataclass(slots=True)
class Storage:
    """Limits of a result that is stored where it is too large to be sent, during its rendering.

    `has_too_many_rows` is true as soon as a list in it has more rows than may be sent.
    """

    has_too_many_rows: bool = False


_storage: ContextVar[Storage | None] = ContextVar("django_mcp_storage", default=None)


@contextmanager
def storing() -> Iterator[Storage]:
    """Inside the block, results may be as large as what is stored."""
    storage = Storage()
    before = _storage.get()
    _storage.set(storage)
    try:
        yield storage
    finally:
        _storage.set(before)


def bounded(rows: Iterable[Any]) -> list[Any]:
    """Return the items of any iterable; of a queryset fetch at most one more than the limit.

    Raises `ResultTooLargeError`.
    """
    limit = _max_rows() + 1
    if isinstance(rows, QuerySet):
        found = list(rows if rows._result_cache is not None else _first(rows, limit))
    else:
        source = rows.iterator() if isinstance(rows, RawQuerySet) else rows
        found = list(islice(source, limit))
    check_rows(found)
    return found


def check_rows(rows: Collection[Any]) -> None:
    """Raise `ResultTooLargeError` when there are more than `DJANGO_MCP_MAX_ROWS`."""
    if len(rows) > _max_rows():
        raise too_many_rows()
    storage = _storage.get()
    if storage is not None and len(rows) > settings.MAX_ROWS:
        storage.has_too_many_rows = True


def too_many_rows() -> ResultTooLargeError:
    """Return the error of a result with more rows than the setting allows."""
    setting = "DJANGO_MCP_MAX_ROWS" if _storage.get() is None else "DJANGO_MCP_MAX_STORED_ROWS"
    return ResultTooLargeError(
        f"The result has more than {_max_rows()} rows.",
        hint="Ask for fewer: narrow the search.",
        advice="The option page_size=... serves a queryset in pages, and overflow=... shortens a "
        f"list or stores it; {setting} is the limit.",
    )


def check_bytes(size: int) -> None:
    """Raise `ResultTooLargeError` when `size` is more than `DJANGO_MCP_MAX_RESULT_BYTES`."""
    if size > _max_bytes():
        raise too_many_bytes(_max_bytes(), setting=_bytes_setting())


def check_file_bytes(size: int) -> None:
    """Raise `ResultTooLargeError` when a file of this size is larger than a result may be."""
    if size > _max_bytes():
        raise ResultTooLargeError(
            f"The file is larger than {_max_bytes()} bytes.",
            hint="It is too large to be read here; no other call returns a part of it.",
            advice=f"{_bytes_setting()} is the limit: raise it where files are served, or "
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


def _max_rows() -> int:
    return settings.MAX_ROWS if _storage.get() is None else settings.MAX_STORED_ROWS


def _max_bytes() -> int:
    is_sent = _storage.get() is None
    return settings.MAX_RESULT_BYTES if is_sent else settings.MAX_STORED_RESULT_BYTES


def _bytes_setting() -> str:
    is_sent = _storage.get() is None
    return f"DJANGO_MCP_{'MAX_RESULT_BYTES' if is_sent else 'MAX_STORED_RESULT_BYTES'}"
