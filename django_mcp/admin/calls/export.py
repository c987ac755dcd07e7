"""CSV export of call records, streamed while they are read from the database."""

import csv
import datetime
import io
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from django_mcp.escapes import printable_lines
from django_mcp.models import CallRecord
from django_mcp.models.records import CallRecordQuerySet

# Spreadsheets read a formula after these signs, in full width too; tabs and line breaks may hide
# one behind them.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_response(request: HttpRequest, records: CallRecordQuerySet) -> StreamingHttpResponse:
    """Response with all columns of the records, newest first, below a header of field names."""
    parts = csv_parts(records)
    name = f"calls-{timezone.now():%Y%m%d-%H%M%S}.csv"
    return StreamingHttpResponse(
        # Each kind of server would collect all parts of the other kind in memory first.
        _in_thread(parts) if isinstance(request, ASGIRequest) else parts,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def csv_parts(records: CallRecordQuerySet) -> Iterator[str]:
    """Yield the file in parts of many lines each."""
    yield _lines([[field.attname for field in CallRecord._meta.concrete_fields]])
    for batch in records.batches():
        yield _lines([_cell(value) for value in row] for row in batch)


async def _in_thread(parts: Iterator[str]) -> AsyncIterator[str]:
    """Yield the parts, each read on the thread that served the request."""
    read: Callable[[], str | None] = partial(next, parts, None)
    while (part := await sync_to_async(read)()) is not None:
        yield part


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    # All quoted: where commas separate decimals, a bare semicolon would begin another cell.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, str):
        text = printable_lines(value)
        # An apostrophe makes spreadsheets take what follows as text.
        return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return printable_lines(json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder))
    return str(value)
