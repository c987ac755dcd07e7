"""Storage of results that are too large to be sent: in parts, with links to them in their place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Sum
from django.utils import timezone

from django_mcp.audit.recorded_call import caller_columns, user_key
from django_mcp.calls.call import Call
from django_mcp.conf import settings
from django_mcp.content import Content, ResourceLink, Text
from django_mcp.exceptions import ResultTooLargeError
from django_mcp.meta_keys import STORED_META_KEY
from django_mcp.models import StoredResult
from django_mcp.resources.output import BINARY, JSON, TEXT
from django_mcp.schemas.output.output import WRAPPER, Rendered
from django_mcp.schemas.output.serialization import json_text
from django_mcp.schemas.result_limits import check_bytes, too_many_bytes

URI = "django-mcp://results/{tool}/{result}"
"""URI of a part of a stored result."""

MAX_BYTES_OF_CHARACTER = 4

COLUMNS = ("call_id", "endpoint", "username", "client", "client_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Part of a result, small enough to be read by itself."""

    data: bytes
    media_type: str
    is_text: bool


def store(call: Call, result: Rendered) -> Rendered:
    """Store the largest blocks of a result for its caller; return it with links in their place.

    Raises `ResultTooLargeError` for more than is stored, of one result or of one caller.
    """
    size = result.byte_size
    if size > settings.MAX_STORED_RESULT_BYTES:
        raise too_many_bytes(
            settings.MAX_STORED_RESULT_BYTES, setting="DJANGO_MCP_MAX_STORED_RESULT_BYTES"
        )
    parts = {index: list(_parts(result, result.content[index])) for index in _largest(result)}
    rows = [each for index in sorted(parts) for each in parts[index]]
    _check_room(call, sum(len(each.data) for each in rows))
    expires = timezone.now() + timedelta(seconds=settings.KEEP_STORED_RESULT)
    stored = StoredResult.objects.bulk_create(
        [_row(call, part, expires) for part in rows], batch_size=1
    )
    links = list(_links(call, stored))
    remaining = iter(links)
    content: list[Content] = [Text(text=_summary(result, stored, expires))]
    for index, block in enumerate(result.content):
        if index in parts:
            content += [next(remaining) for _ in parts[index]]
        else:
            content.append(block)
    facts = {"bytes": size, "parts": len(stored), "expires": expires.isoformat()}
    answer = Rendered(
        content=tuple(content),
        rows=result.rows,  # here, and not where the parts are read: a part knows of none
        structured=None if call.tool.output_schema is None else {STORED_META_KEY: _listed(links)},
        meta={**result.meta, STORED_META_KEY: facts},
    )
    check_bytes(answer.byte_size)
    return answer


def _largest(result: Rendered) -> set[int]:
    """Return the positions of the blocks to store: the largest, until the others can be sent."""
    sizes = {
        index: Rendered(content=(block,)).byte_size
        for index, block in enumerate(result.content)
        if getattr(block, "text", None) is not None or getattr(block, "data", None) is not None
    }
    left, chosen = result.byte_size, set()
    for index in sorted(sizes, key=lambda each: -sizes[each]):
        if not result.has_too_many_rows and left <= settings.MAX_RESULT_BYTES // 2:
            break
        chosen.add(index)
        left -= sizes[index]
    return chosen


def _parts(result: Rendered, block: Any) -> Iterator[Part]:
    limit = settings.MAX_RESULT_BYTES
    media_type = getattr(block, "mime_type", None)
    data = getattr(block, "data", None)
    if data is not None:
        for start in range(0, len(data), limit):
            piece = data[start : start + limit]
            yield Part(data=piece, media_type=media_type or BINARY, is_text=False)
        return
    value = None if result.structured is None else result.structured.get(WRAPPER)
    pieces = _row_pieces(value, limit) if isinstance(value, list) else None
    if pieces is None:
        pieces = list(_text_pieces(block.text.encode(), limit))
    is_json = result.structured is not None and not isinstance(value, str)
    for piece in pieces:
        yield Part(data=piece, media_type=media_type or (JSON if is_json else TEXT), is_text=True)


def _row_pieces(rows: list[Any], limit: int) -> list[bytes] | None:
    """Return arrays of whole rows as JSON; None if a row by itself is larger than the limit."""
    pieces: list[list[bytes]] = []
    left = 0
    for row in rows:
        text = json_text(row).encode()
        if len(text) + 2 > limit:
            return None
        if len(text) + 1 > left:
            pieces.append([])
            left = limit - 1  # for the brackets, of which one takes the place of a comma
        pieces[-1].append(text)
        left -= len(text) + 1
    return [b"[" + b",".join(each) + b"]" for each in pieces]


def _text_pieces(text: bytes, limit: int) -> Iterator[bytes]:
    """Yield text in pieces that end with a line or, where that is too long, with a character."""
    start, limit = 0, max(limit, MAX_BYTES_OF_CHARACTER)
    while start < len(text):
        end = start + limit
        if end < len(text):
            line = text.rfind(b"\n", start, end) + 1
            while text[end] & 0xC0 == 0x80:  # within a character of UTF-8
                end -= 1
            end = line or end
        yield text[start:end]
        start = end


def _check_room(call: Call, size: int) -> None:
    limit = settings.MAX_STORED_BYTES_PER_CALLER
    held = StoredResult.objects.owned_by(call.principal).aggregate(
        size=Sum("size"), expires=Min("expires")
    )
    if (held["size"] or 0) + size <= limit:
        return
    wait = None if held["expires"] is None else held["expires"] - timezone.now()
    raise ResultTooLargeError(
        f"The result is too large, and with it the results stored for you had more than {limit} "
        "bytes.",
        hint="Ask for less, or wait until what is stored has expired.",
        retryable=size <= limit,
        retry_after=None if wait is None or size > limit else max(1, round(wait.total_seconds())),
        advice="DJANGO_MCP_MAX_STORED_BYTES_PER_CALLER is the limit.",
    )


def _row(call: Call, part: Part, expires: datetime) -> StoredResult:
    columns = caller_columns(call.invocation)
    return StoredResult(
        tool=call.tool.name,
        user=user_key(call.principal),
        **{name: columns[name] for name in COLUMNS},
        media_type=part.media_type,
        is_text=part.is_text,
        data=part.data,
        size=len(part.data),
        expires=expires,
    )


def _links(call: Call, stored: list[StoredResult]) -> Iterator[ResourceLink]:
    name = call.tool.name
    for number, row in enumerate(stored, start=1):
        part = f", part {number} of {len(stored)}" if len(stored) > 1 else ""
        yield ResourceLink(
            uri=URI.format(tool=name, result=row.pk),
            name=f"{name}_results",
            title=f"Result of {name}{part}",
            mime_type=row.media_type,
            size=row.size,
        )


def _listed(links: list[ResourceLink]) -> list[dict[str, Any]]:
    return [{"uri": each.uri, "media_type": each.mime_type, "size": each.size} for each in links]


def _summary(result: Rendered, stored: list[StoredResult], expires: datetime) -> str:
    value = None if result.structured is None else result.structured.get(WRAPPER)
    rows = f"{len(value)} rows and " if isinstance(value, list) else ""
    whole = "as a resource" if len(stored) == 1 else f"in {len(stored)} parts, in order,"
    return (
        f"The result is too large to be sent: it has {rows}{result.byte_size} bytes. It is stored "
        f"{whole} until {expires.isoformat(timespec='seconds')}. Read what is linked to here by "
        "resources/read, or ask for less."
    )
