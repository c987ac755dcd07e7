"""Pieces of HTML that more than one page shows. Whatever they are given is escaped."""

import json
from enum import StrEnum

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

# Marks that turn the direction of the text after them: shown as they are, they could make one
# value read like another.
TURNING = {
    ord(character): f"\\u{ord(character):04x}"
    for character in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
}


class Tone(StrEnum):
    """How a mark looks."""

    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    QUIET = "quiet"


def mark(label: str | Promise, tone: Tone) -> SafeString:
    """A short text on a coloured ground."""
    return format_html('<span class="mcp-mark mcp-{}">{}</span>', tone, label)


def json_block(value: object) -> SafeString:
    """A JSON document, indented."""
    return text_block(json_text(value))


def json_text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)


def text_block(text: str) -> SafeString:
    """Text with its line breaks."""
    return format_html('<pre class="mcp-json">{}</pre>', text.translate(TURNING))
