"""Result of a task in parts: previews for its page, and files for download."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from mimetypes import MimeTypes
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.text import get_valid_filename
from django.utils.translation import pgettext_lazy

from django_mcp.admin.markup import json_text, text_block
from django_mcp.calls.results import deserialize_result
from django_mcp.content import Audio, Content, EmbeddedResource, Image, ResourceLink, Text
from django_mcp.escapes import printable
from django_mcp.models import ToolTask

MAX_SHOWN_CHARACTERS = 20_000
"""The length of a text's preview; the file has all of it."""

MAX_STEM_CHARACTERS = 80

MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
JSON = "application/json"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"

OFFICE = "application/vnd.openxmlformats-officedocument"
ENDINGS = {
    "application/xml": ".xml",
    "audio/wav": ".wav",
    "image/webp": ".webp",
    "text/markdown": ".md",
    f"{OFFICE}.presentationml.presentation": ".pptx",
    f"{OFFICE}.spreadsheetml.details": ".xlsx",
    f"{OFFICE}.wordprocessingml.document": ".docx",
}
"""Endings by media type, beside those that Python knows on every machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Part of a result; `text` or `data` has its content, unless it is a link.

    `stem` is the name of the file without its ending, which is that of the media type.
    """

    title: str | Promise
    note: str = ""
    media_type: str = UNKNOWN
    text: str | None = None
    data: bytes | None = None
    stem: str = "result"

    @property
    def is_file(self) -> bool:
        """True if the part can be downloaded."""
        return self.text is not None or self.data is not None

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return len(self._bytes)

    @property
    def shown(self) -> SafeString | None:
        """Preview of a text: its beginning."""
        return None if self.text is None else text_block(self.text[:MAX_SHOWN_CHARACTERS])

    @property
    def is_cut(self) -> bool:
        """True if the preview is only the beginning of the text."""
        return self.text is not None and len(self.text) > MAX_SHOWN_CHARACTERS

    def as_file(self) -> HttpResponse:
        """Return a download that browsers never open as a page of this site."""
        kind = self.media_type if MEDIA_TYPE.fullmatch(self.media_type) else UNKNOWN
        ending = ENDINGS.get(kind) or MimeTypes().guess_extension(kind) or ".bin"
        name = f"{self.stem}{ending}"
        return HttpResponse(
            self._bytes,
            content_type=kind if self.text is None else f"{kind}; charset=utf-8",
            headers={
                "Content-Disposition": content_disposition_header(True, name) or "attachment",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
            },
        )

    @property
    def _bytes(self) -> bytes:
        return (self.data or b"") if self.text is None else self.text.encode()


def parts_of(task: ToolTask) -> list[Part]:
    """Return the parts of a task's result; none without a result."""
    if not task.result:
        return []
    result = deserialize_result(task.result)
    stem = _stem(task.name)
    if result.structured is not None:  # its text is the same JSON
        return [
            Part(
                title=pgettext_lazy("part of a result", "Data"),
                media_type=JSON,
                text=json_text(result.structured),
                stem=stem,
            )
        ]
    stems = _numbered(stem, len(result.content))
    return [_part(block, stem) for block, stem in zip(result.content, stems, strict=True)]


def _part(block: Content, stem: str) -> Part:
    match block:
        case Text(text=text):
            return Part(
                title=pgettext_lazy("part of a result", "Text"),
                media_type=_type_of(text),
                text=text,
                stem=stem,
            )
        case Image(data=data, mime_type=kind):
            return Part(
                title=pgettext_lazy("part of a result", "Picture"),
                note=printable(kind),
                media_type=kind,
                data=data,
                stem=stem,
            )
        case Audio(data=data, mime_type=kind):
            return Part(
                title=pgettext_lazy("part of a result", "Sound"),
                note=printable(kind),
                media_type=kind,
                data=data,
                stem=stem,
            )
        case EmbeddedResource(uri=uri, text=text, data=data, mime_type=kind):
            return Part(
                title=pgettext_lazy("part of a result", "Document"),
                note=printable(uri),
                media_type=kind or (UNKNOWN if text is None else PLAIN),
                text=text,
                data=data,
                stem=_stem(PurePosixPath(unquote(urlsplit(uri).path)).stem) or stem,
            )
        case ResourceLink(uri=uri, name=name):
            return Part(
                title=pgettext_lazy("part of a result", "Link"), note=printable(f"{name}: {uri}")
            )
    raise TypeError(f"{type(block).__name__} is no content block")


def _type_of(text: str) -> str:
    try:
        return JSON if isinstance(json.loads(text), dict | list) else PLAIN
    except ValueError:
        return PLAIN


def _numbered(stem: str, count: int) -> Iterator[str]:
    for number in range(1, count + 1):
        yield stem if count == 1 else f"{stem}-{number}"


def _stem(name: str) -> str:
    """Return a file name that is safe on any system, or an empty one."""
    try:
        return get_valid_filename(name.replace(".", "-"))[:MAX_STEM_CHARACTERS].strip("-_")
    except SuspiciousFileOperation:  # nothing is left of it
        return ""
