"""Conversion of WSGI requests to ASGI: scope, and body in pieces."""

from collections.abc import Iterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import get_script_name
from django.http import HttpRequest

from django_mcp.transports.wsgi.connection import DISCONNECT, Message

PIECE_BYTES = 4 * 1024
"""Size of the part of a body that one read waits for; time limits are checked between reads."""


class RequestBody:
    """Body of a request, read on the request's thread, as its server demands.

    What middleware has read before is given again. A body that cannot be read, because middleware
    has consumed it or nothing says where it ends, is as one whose client has gone.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._read: Any = request.read
        self._length = _length(request)
        self._taken = 0
        if self._length is None and not isinstance(request, ASGIRequest):
            # Sent in chunks: Django does not read those, and not every server marks their end.
            is_marked = request.META.get("wsgi.input_terminated")
            self._read = request.META["wsgi.input"].read if is_marked else None

    def read(self) -> Message:
        """See `Body.read`."""
        if self._read is None:
            return DISCONNECT
        try:
            piece = self._read(PIECE_BYTES)
        except Exception:  # noqa: BLE001  (servers raise errors of their own for malformed chunks)
            return DISCONNECT
        self._taken += len(piece)
        more_comes = bool(piece) if self._length is None else self._taken < self._length
        if more_comes and not piece:
            return DISCONNECT
        return {"type": "http.request", "body": piece, "more_body": more_comes}


def scope_of(request: HttpRequest) -> Message:
    """Return the ASGI scope of a request, with its headers as the server passed them on."""
    if isinstance(request, ASGIRequest):
        return dict(request.scope)
    meta = request.META
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": meta.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/"),
        "method": request.method,
        "scheme": meta.get("wsgi.url_scheme", "http"),
        "path": request.path,
        "root_path": get_script_name(meta),
        "query_string": meta.get("QUERY_STRING", "").encode("latin-1", "replace"),
        "headers": list(_headers(meta)),
        "server": (meta.get("SERVER_NAME", ""), _port(meta.get("SERVER_PORT", ""))),
        "client": _client(meta),
    }


def discards_unread_bodies(meta: dict[str, Any]) -> bool:
    """Return whether the server discards, after the answer, what is left of a body.

    Those with threads do. uWSGI and gunicorn's `sync` workers reset the connection, and the answer
    may be lost.
    """
    return bool(meta.get("wsgi.multithread")) and "uwsgi.version" not in meta


def _headers(meta: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    for key, value in meta.items():
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if not value:  # which some servers set to say that there is none
                continue
        elif key.startswith("HTTP_"):
            key = key.removeprefix("HTTP_")
        else:
            continue
        name = key.replace("_", "-").lower()
        yield name.encode("latin-1", "replace"), value.encode("latin-1", "replace")


def _client(meta: dict[str, Any]) -> tuple[str, int] | None:
    """Return the address as middleware may have set it; None at a socket that has none."""
    address = meta.get("REMOTE_ADDR", "")
    return (address, _port(str(meta.get("REMOTE_PORT", ""))) or 0) if address else None


def _port(text: str) -> int | None:
    """Return the port, if it is one: at a socket that has none, gunicorn takes it from `Host`."""
    return int(text) if text.isdecimal() and len(text) <= len("65535") else None


def _length(request: HttpRequest) -> int | None:
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        return int(length[:20])
    return None if "HTTP_TRANSFER_ENCODING" in request.META else 0
