"""Conversion of Django's file responses to embedded resources."""

from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import quote

from django.http import FileResponse
from django.utils.http import parse_header_parameters

from django_mcp.content import EmbeddedResource
from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.result_limits import check_file_bytes


def embedded_file(response: FileResponse) -> EmbeddedResource:
    """Return the file of a response, with its name and content type, and close the response.

    Raises `ResultTooLargeError` as soon as it has read more than a result may have.
    """
    chunks = response.streaming_content
    if isinstance(chunks, AsyncIterator):
        _close_file(response)
        raise InvalidResultError("the file of a FileResponse is read by an async iterator")
    _, parameters = parse_header_parameters(response.headers.get("Content-Disposition", ""))
    name = parameters.get("filename") or "file"
    data = bytearray()
    try:
        for chunk in chunks:
            data += chunk
            check_file_bytes(len(data))
    finally:
        _close_file(response)
    return EmbeddedResource(
        uri=f"attachment:///{quote(name)}",
        data=bytes(data),
        mime_type=response.headers.get("Content-Type"),
    )


def _close_file(response: FileResponse) -> None:
    # `response.close()` also ends the request: Django closes connections at that signal, and with
    # them the transaction of the call.
    for close in response._resource_closers:  # type: ignore[attr-defined]
        with suppress(Exception):  # as Django does
            close()
