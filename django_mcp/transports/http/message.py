"""JSON-RPC message of a request, as the endpoint reads and bounds it before the SDK does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.http import HttpRequest
from django.http.request import HttpHeaders
from mcp import MCPError
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    InboundModernRoute,
    classify_inbound_request,
)
from mcp_types import (
    DEFAULT_NEGOTIATED_VERSION,
    LOG_LEVEL_META_KEY,
    PROTOCOL_VERSION_META_KEY,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from django_mcp.calls.elicitation import MAX_REQUESTS
from django_mcp.conf import settings
from django_mcp.protocol.errors import (
    header_mismatch,
    invalid_params,
    invalid_request,
    parse_error,
    repeated_header,
    too_deep,
)
from django_mcp.protocol.targets import KINDS, Target
from django_mcp.schemas.depth import is_nested_deeper
from django_mcp.transports.http.body import NotJSONError, parse_body

ROUTING_HEADERS = {
    header: HttpHeaders.to_wsgi_name(header)
    for header in (MCP_METHOD_HEADER, MCP_NAME_HEADER, MCP_PROTOCOL_VERSION_HEADER)
}
"""Headers that repeat parts of a message, by their names in `META`."""

MAX_META_BYTES = 64 * 1024
"""Of `params._meta`, as JSON: the SDK validates it member by member, at many times their cost."""

MAX_DEPTH = 160
"""Levels of arrays and objects in a message: Python, pydantic and the SDK read no more than a few
hundred, and give up in different ways. Arguments have a lower limit of their own, and answer."""

OTHER_RESPONSES = frozenset({"role", "roots"})
"""Members of responses that this server never requests: those to sampling and to roots."""


class RejectedMessageError(Exception):
    """The message is refused before the SDK sees it: its `error`, and the `id` of the request."""

    def __init__(self, error: MCPError, id: str | int | None = None) -> None:
        self.error = error
        self.id = id
        super().__init__(str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Message that may go on to the SDK, which validates whatever is not validated here.

    `target` is what a well-formed request calls, reads or gets, if its headers agree with its body
    in the era that has them; None for any other message. `params` are those of the request, and
    `version` is the revision that it is served by.
    """

    version: str
    id: str | int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    target: Target | None = None
    wants_stream: bool = False

    @classmethod
    def read(cls, request: HttpRequest, body: bytes) -> Self:
        """Parse a body and validate its message.

        Raises `TooManyItemsError`, and `RejectedMessageError` for what is no JSON or no message,
        for one that is nested too deep, for a body of another era than its headers say, and for
        more `_meta` or `inputResponses` than any request needs.
        """
        try:
            message = parse_body(body, max_items=settings.MAX_REQUEST_ITEMS)
        except NotJSONError:
            raise RejectedMessageError(parse_error()) from None
        id = _id_of(message)
        # As many brackets have to stand in it.
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_nested_deeper(message, MAX_DEPTH):
            raise RejectedMessageError(too_deep(MAX_DEPTH), id)
        header = request.META.get(ROUTING_HEADERS[MCP_PROTOCOL_VERSION_HEADER])
        version = DEFAULT_NEGOTIATED_VERSION if header is None else header
        if "," in version:
            # Django joins what was sent twice, of which a gateway may read the one and we another.
            raise RejectedMessageError(repeated_header(MCP_PROTOCOL_VERSION_HEADER), id)
        if not _has_envelope(message) or (id is None and _has_id(message)):
            raise RejectedMessageError(invalid_request(), id)
        params = message.get("params")
        if not isinstance(params, dict):
            return cls(version=version, id=id)
        is_modern = version not in HANDSHAKE_PROTOCOL_VERSIONS
        if error := _excess(params, body) or (None if is_modern else _other_era(params, header)):
            raise RejectedMessageError(error, id)
        target = _target_of(message)
        if target is not None and is_modern and not _headers_agree(request, message):
            target = None
        return cls(
            version=version,
            id=id,
            params=params,
            target=target,
            wants_stream=message.get("method") == "subscriptions/listen",
        )

    @property
    def wants_notifications(self) -> bool:
        """True if the caller requests progress notifications or log messages."""
        meta = self.params.get("_meta")
        if not isinstance(meta, dict):
            return False
        is_modern = self.version not in HANDSHAKE_PROTOCOL_VERSIONS
        return meta.get("progressToken") is not None or (is_modern and LOG_LEVEL_META_KEY in meta)


def _excess(params: Mapping[str, Any], body: bytes) -> MCPError | None:
    """Return the error for more than requests need, where the SDK would validate each member."""
    meta, responses = params.get("_meta"), params.get("inputResponses")
    # No part of a smaller body is larger.
    if meta and len(body) > MAX_META_BYTES and len(json.dumps(meta)) > MAX_META_BYTES:
        return invalid_params(f"_meta must have at most {MAX_META_BYTES} bytes")
    if isinstance(responses, dict):
        if len(responses) > MAX_REQUESTS:
            return invalid_params(f"inputResponses must have at most {MAX_REQUESTS} entries")
        if not all(map(_is_elicitation, responses.values())):
            return invalid_params("inputResponses must be results of elicitation")
    return None


def _is_elicitation(response: Any) -> bool:
    """Return whether it is a result of elicitation, flat: the SDK would try other kinds."""
    if not isinstance(response, dict) or not OTHER_RESPONSES.isdisjoint(response):
        return False
    content = response.get("content") or {}
    return isinstance(content, dict) and all(map(_is_field, content.values()))


def _is_field(value: Any) -> bool:
    """Return whether it is a value of a form's field: a scalar, or several choices."""
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return not isinstance(value, dict)


def _other_era(params: Mapping[str, Any], header: str | None) -> MCPError | None:
    """Return the error for an envelope of 2026-07-28 in a request whose header has another version.

    A gateway that goes by the header would take the request for something else than it is.
    """
    meta = params.get("_meta")
    if not isinstance(meta, dict) or PROTOCOL_VERSION_META_KEY not in meta:
        return None
    if header is not None and meta[PROTOCOL_VERSION_META_KEY] == header:
        return None
    return header_mismatch(MCP_PROTOCOL_VERSION_HEADER, PROTOCOL_VERSION_META_KEY)


def _id_of(message: Any) -> str | int | None:
    """Return the id of a request; None without one that JSON-RPC and MCP allow."""
    if not _has_id(message):
        return None
    id: str | int = message["id"]
    try:
        str(id).encode()  # lone surrogates have no place in UTF-8, and so in no answer
    except UnicodeEncodeError:
        return None
    return id


def _has_id(message: Any) -> bool:
    return isinstance(message, dict) and type(message.get("id")) in (str, int)  # a bool is none


def _has_envelope(message: Any) -> bool:
    """Return whether it is a single request, notification or response of JSON-RPC 2.0.

    The SDK refuses any other as well, but under no id, and with the values that came in.
    """
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return False
    if "method" not in message:
        return "result" in message or "error" in message
    return isinstance(message["method"], str) and isinstance(message.get("params"), dict | None)


def _target_of(message: Mapping[str, Any]) -> Target | None:
    """Return what a request calls, reads or gets; None for any other message."""
    method = message.get("method")
    kind = KINDS.get(method) if isinstance(method, str) else None
    if kind is None or _id_of(message) is None:
        return None
    return Target.of(kind, message["params"])


def _headers_agree(request: HttpRequest, message: Mapping[str, Any]) -> bool:
    """Return whether the headers of a 2026-07-28 request agree with its body for the SDK."""
    headers = {
        header: request.META[key] for header, key in ROUTING_HEADERS.items() if key in request.META
    }
    return isinstance(classify_inbound_request(message, headers=headers), InboundModernRoute)
