"""Responses of views: the value of one, or the tool error by its status."""

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import parse_header_parameters, parse_http_date_safe

from django_mcp.content import EmbeddedResource
from django_mcp.contrib.drf.media_types import is_json
from django_mcp.exceptions import DjangoMCPError, ToolError
from django_mcp.schemas.errors.rest_framework import OUTCOMES, messages_in
from django_mcp.schemas.errors.validation import Message, invalid_values_error

DEFAULT_TEXTS = {
    "permission_denied": "The user may not do this.",
    "not_found": "There is no such object.",
    "conflict": "This conflicts with what is there.",
    "rate_limited": "Too many calls.",
}
"""Texts of refusals that say nothing themselves, by outcome."""

MAX_WAIT_DIGITS = 15
"""Length of a `Retry-After` that is a number to every client."""


class UnexpectedResponseError(DjangoMCPError):
    """The view answered by something that is no result, such as a redirect or a server error."""


def value_of(response: Any, *, arguments: Collection[str], renamed: Mapping[str, str]) -> Any:
    """Return the JSON value of a rendered response, or the file that it is.

    `arguments` are the names that the caller knows, and `renamed` those of fields that have another
    name there. Raises `ToolError` for what the API refuses, and `UnexpectedResponseError` for what
    is no answer.
    """
    status = response.status_code
    if response.streaming:
        if status == 200 and isinstance(response, FileResponse):
            return response
        raise UnexpectedResponseError("the view answered by a stream")
    if 200 <= status < 300:
        return _content(response)
    if 400 <= status < 500:
        raise _refusal(response, arguments, renamed)
    raise UnexpectedResponseError(f"the view answered with the status {status}")


def _content(response: Any) -> Any:
    content: bytes = response.content
    if not content:
        return None
    media_type, parameters = parse_header_parameters(response.headers.get("Content-Type", ""))
    if is_json(media_type):
        return json.loads(content)
    _, disposition = parse_header_parameters(response.headers.get("Content-Disposition", ""))
    uri = f"attachment:///{quote(disposition.get('filename') or 'file')}"
    if media_type.startswith("text/"):
        text = content.decode(parameters.get("charset") or "utf-8", "replace")
        return EmbeddedResource(uri=uri, text=text, mime_type=media_type)
    return EmbeddedResource(uri=uri, data=content, mime_type=media_type or None)


def _refusal(
    response: HttpResponseBase, arguments: Collection[str], renamed: Mapping[str, str]
) -> ToolError:
    status = response.status_code
    outcome = OUTCOMES.get(status, "tool_error")
    messages = [
        Message(path=_renamed(each.path, renamed), text=each.text)
        for each in messages_in(_detail(response))
    ]
    if outcome == "invalid_arguments":
        return invalid_values_error(messages, arguments)
    text = "\n".join(each.text for each in messages)
    return ToolError(
        text or DEFAULT_TEXTS.get(outcome, "The call was refused."),
        retryable=status == 429,
        retry_after=_wait(response) if status == 429 else None,
        outcome=outcome,
    )


def _detail(response: Any) -> Any:
    """Return what the API says of its refusal: nothing of pages that were made for people."""
    data = getattr(response, "data", None)
    if data is not None:
        return data
    media_type, _ = parse_header_parameters(response.headers.get("Content-Type", ""))
    try:
        return json.loads(response.content) if is_json(media_type) else []
    except ValueError:
        return []


def _renamed(path: tuple[str | int, ...], renamed: Mapping[str, str]) -> tuple[str | int, ...]:
    if path and path[0] in renamed:
        return (renamed[str(path[0])], *path[1:])
    return path


def _wait(response: HttpResponseBase) -> float | None:
    """Return the seconds that `Retry-After` names, by their number or by a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= MAX_WAIT_DIGITS:
        return int(text)
    date = parse_http_date_safe(text)
    return None if date is None else max(0.0, date - timezone.now().timestamp())
