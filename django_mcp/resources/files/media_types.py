"""Media types of files, and their contents as text or as bytes."""

import re
from io import BytesIO
from posixpath import basename

from django.http import FileResponse

from django_mcp.content import EmbeddedResource
from django_mcp.resources.output import BINARY, TEXT

TEXTUAL = re.compile(r"(text/|application/(json|xml|javascript|yaml|toml|sql)\b|.+\+(json|xml)\b)")
"""Media types of what people write."""


def contents_of(name: str, data: bytes, *, mime_type: str | None) -> EmbeddedResource:
    """Return the contents of a file: text where its type is one of text, and the bytes are UTF-8.

    So is text of no known type.
    """
    # Django knows what a name such as `table.csv.gz` stands for.
    found = mime_type or FileResponse(BytesIO(), filename=basename(name)).headers["Content-Type"]
    text = _text(data) if found == BINARY or TEXTUAL.match(found) else None
    if text is None:
        return EmbeddedResource(uri="", data=data, mime_type=found)
    if found == BINARY and mime_type is None:
        found = TEXT
    return EmbeddedResource(uri="", text=text, mime_type=found)


def _text(data: bytes) -> str | None:
    try:
        return None if b"\0" in data else data.decode()
    except UnicodeDecodeError:
        return None
