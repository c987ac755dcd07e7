"""How a call ended, as the row of its task holds it: text that gives back what was put in."""

import json
from base64 import b64decode, b64encode
from dataclasses import fields
from typing import Any
from uuid import UUID

from django_mcp import content
from django_mcp.conf import settings
from django_mcp.content import Content
from django_mcp.exceptions import (
    DjangoMCPError,
    FollowUpFailedError,
    RevokedError,
    TaskCancelledError,
    TaskLostError,
    TaskNotStartedError,
    TaskTimedOutError,
    TaskUnansweredError,
    ToolError,
    ToolFailedError,
    UnaskableError,
)
from django_mcp.schemas.output.output import Rendered

BLOCKS: dict[str, type[Content]] = {
    kind.__name__: kind
    for kind in (
        content.Text,
        content.Image,
        content.Audio,
        content.EmbeddedResource,
        content.ResourceLink,
    )
}
# None of them takes an argument: what they say is always the same.
PLAIN_ERRORS: dict[str, type[DjangoMCPError]] = {
    kind.__name__: kind
    for kind in (
        RevokedError,
        TaskCancelledError,
        TaskLostError,
        TaskNotStartedError,
        TaskTimedOutError,
        TaskUnansweredError,
        UnaskableError,
    )
}


def written_result(result: Rendered) -> str:
    """A result as text."""
    blocks = [{"kind": type(block).__name__, **_fields(block)} for block in result.content]
    return json.dumps({"content": blocks, "structured": result.structured})


def read_result(text: str) -> Rendered:
    """What `written_result` was given."""
    stored = json.loads(text)
    return Rendered(content=tuple(map(_block, stored["content"])), structured=stored["structured"])


def written_error(error: BaseException) -> str:
    """What the caller may know of an error, as text."""
    if PLAIN_ERRORS.get(type(error).__name__) is type(error):
        return json.dumps({"kind": type(error).__name__})
    if isinstance(error, FollowUpFailedError):
        return _written_follow_up(error)
    if isinstance(error, ToolError):
        return json.dumps(
            {
                "kind": "ToolError",
                "outcome": error.outcome,
                "message": error.message,
                "retryable": error.retryable,
                "hint": error.hint,
                "retry_after": error.retry_after,
            }
        )
    return json.dumps({"kind": "ToolFailedError"})


def read_error(text: str, call_id: UUID) -> DjangoMCPError:
    """An error that tells the caller the same as the one that `written_error` was given."""
    stored = json.loads(text)
    kind = stored["kind"]
    if kind == "ToolError":
        facts = {key: stored[key] for key in ("retryable", "hint", "retry_after")}
        error = ToolError(stored["message"], **facts)
        error.outcome = stored["outcome"]
        return error
    if kind == "FollowUpFailedError":
        result = stored["result"]
        return FollowUpFailedError(None if result is None else read_result(result))
    if kind in PLAIN_ERRORS:
        return PLAIN_ERRORS[kind]()
    return ToolFailedError(call_id)


def _written_follow_up(error: FollowUpFailedError) -> str:
    result = None if error.result is None else written_result(error.result)
    if result is not None and len(result) > settings.BACKGROUND_MAX_BYTES:
        result = None
    return json.dumps({"kind": "FollowUpFailedError", "result": result})


def _fields(block: Content) -> dict[str, Any]:
    values = {field.name: getattr(block, field.name) for field in fields(block)}
    if isinstance(values.get("data"), bytes):
        values["data"] = b64encode(values["data"]).decode("ascii")
    return values


def _block(stored: dict[str, Any]) -> Content:
    kind = BLOCKS[stored.pop("kind")]
    if isinstance(stored.get("data"), str):
        stored["data"] = b64decode(stored["data"])
    return kind(**stored)
