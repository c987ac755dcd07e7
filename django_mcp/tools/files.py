"""Django's file responses as embedded resources."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from django.http import FileResponse
from django.utils.http import parse_header_parameters

from django_mcp.content import EmbeddedResource
from django_mcp.exceptions import InvalidResultError, ResultTooLargeError

MAX_FILE_BYTES = 1024 * 1024
"""How much of a file is read before it is refused as too large."""


def embedded_file(response: FileResponse) -> EmbeddedResource:
    """The file of a response, which is closed, with its content type and under its name.

    Raises `ResultTooLargeError` for a file of more than `MAX_FILE_BYTES`.
    """
    chunks = response.streaming_content
    if isinstance(chunks, AsyncIterator):
        response.close()
        raise InvalidResultError("the file of a FileResponse is read by an async iterator")
    _, parameters = parse_header_parameters(response.headers.get("Content-Disposition", ""))
    name = parameters.get("filename") or "file"
    data = bytearray()
    try:
        for chunk in chunks:
            data += chunk
            if len(data) > MAX_FILE_BYTES:
                raise ResultTooLargeError(
                    f"The file {name!r} is larger than {MAX_FILE_BYTES} bytes.",
                    hint="Ask for less of it.",
                    advice="return a ResourceLink to the file",
                )
    finally:
        response.close()
    return EmbeddedResource(
        uri=f"attachment:///{quote(name)}",
        data=bytes(data),
        mime_type=response.headers.get("Content-Type"),
    )
