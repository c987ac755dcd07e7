"""Pieces of HTML that more than one page shows. Whatever they are given is escaped."""

import json
import re
from collections.abc import Iterable
from enum import StrEnum

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from django_mcp.escapes import printable_lines


class Tone(StrEnum):
    """How a mark looks."""

    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    QUIET = "quiet"


def mark(label: str | Promise, tone: Tone) -> SafeString:
    """A short text on a coloured ground, on which browsers set it without a style details too."""
    return format_html('<mark class="mcp-mark mcp-{}">{}</mark>', tone, label)


def words(text: str) -> SafeString:
    """Text that narrow columns break between its words alone, not at hyphens."""
    parts = text.split(" ")
    return in_line(format_html('<span class="mcp-word">{}</span>', part) for part in parts)


def codes(texts: Iterable[str]) -> SafeString:
    """Short texts in a line, as code that breaks after its signs first; empty for none."""
    return in_line(format_html("<code>{}</code>", _breakable(text)) for text in texts)


def _breakable(text: str) -> SafeString:
    parts = ((part,) for part in re.split(r"(?<=[:._/-])(?=.)", text))
    return format_html_join(mark_safe("<wbr>"), "{}", parts)


def in_line(pieces: Iterable[SafeString]) -> SafeString:
    """Pieces with spaces between them; empty for none.

    Minifiers drop the spaces between elements of a block, and keep those inside of a `span`.
    """
    joined = format_html_join(" ", "{}", ((piece,) for piece in pieces))
    return format_html("<span>{}</span>", joined) if joined else joined


def json_block(value: object) -> SafeString:
    """A JSON document, indented."""
    return text_block(json_text(value))


def json_text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)


def text_block(text: str) -> SafeString:
    """Text with its line breaks."""
    return format_html('<pre class="mcp-json">{}</pre>', printable_lines(text))
