"""HTML fragments that pages share. Their arguments are escaped."""

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
    """Colour of a mark."""

    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    QUIET = "quiet"


def mark(label: str | Promise, tone: Tone) -> SafeString:
    """Return a short text as a coloured mark; browsers mark it without a style sheet too."""
    return format_html('<mark class="mcp-mark mcp-{}">{}</mark>', tone, label)


def words(text: str) -> SafeString:
    """Return a text that narrow columns break only between words, not at hyphens."""
    parts = text.split(" ")
    return in_line(format_html('<span class="mcp-word">{}</span>', part) for part in parts)


def codes(texts: Iterable[str]) -> SafeString:
    """Return short texts in a line, as code that breaks after punctuation; empty for none."""
    return in_line(format_html("<code>{}</code>", _breakable(text)) for text in texts)


def _breakable(text: str) -> SafeString:
    parts = ((part,) for part in re.split(r"(?<=[:._/-])(?=.)", text))
    return format_html_join(mark_safe("<wbr>"), "{}", parts)


def in_line(fragments: Iterable[SafeString]) -> SafeString:
    """Return fragments with spaces between them; empty for none.

    Minifiers drop the spaces between elements of a block, and keep those inside of a `span`.
    """
    joined = format_html_join(" ", "{}", ((fragment,) for fragment in fragments))
    return format_html("<span>{}</span>", joined) if joined else joined


def json_block(value: object) -> SafeString:
    """Return a JSON document as an indented block."""
    return text_block(json_text(value))


def json_text(value: object) -> str:
    """Return a JSON document as indented text."""
    return json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)


def text_block(text: str) -> SafeString:
    """Return a text as a block that keeps its line breaks."""
    return format_html('<pre class="mcp-json">{}</pre>', printable_lines(text))
