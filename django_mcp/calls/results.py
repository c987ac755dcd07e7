"""Serialization of results and errors of calls, as rows keep them."""

import json
from base64 import b64decode, b64encode
from dataclasses import fields
from typing import Any
from uuid import UUID

from django_mcp import content, exceptions
from django_mcp.conf import settings
from django_mcp.content import Content
from django_mcp.exceptions import CallError, ToolFailedError
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

FACTS = ("outcome", "message", "retryable", "hint", "retry_after")
"""Attributes of an error that its caller may know."""


def serialize_result(result: Rendered) -> str:
    """Return a result as text."""
    blocks = [{"kind": type(block).__name__, **_fields(block)} for block in result.content]
    stored = {
        "content": blocks,
        "structured": result.structured,
        "rows": result.rows,
        "meta": dict(result.meta),
        "has_too_many_rows": result.has_too_many_rows,
    }
    return json.dumps(stored)


def deserialize_result(text: str) -> Rendered:
    """Return the result that `serialize_result` was given."""
    stored = json.loads(text)
    return Rendered(
        content=tuple(map(_block, stored["content"])),
        structured=stored["structured"],
        rows=stored.get("rows", 1),
        meta=stored.get("meta", {}),
        has_too_many_rows=stored.get("has_too_many_rows", False),
    )


def serialize_error(error: BaseException) -> str:
    """Return what the caller may know of an error, as text: little of any but `CallError`."""
    if not isinstance(error, CallError) or isinstance(error, ToolFailedError):
        return json.dumps({"class": ToolFailedError.__name__})
    facts = {name: getattr(error, name) for name in FACTS}
    result = _written_part(error.result)
    return json.dumps({"class": _class_of(error).__name__, "facts": facts, "result": result})


def deserialize_error(text: str, call_id: UUID) -> CallError:
    """Return an error with the same public attributes as the one that was serialized."""
    stored = json.loads(text)
    if stored["class"] == ToolFailedError.__name__:
        return ToolFailedError(call_id)
    cls = getattr(exceptions, stored["class"], CallError)
    # Its own constructor may want what is not kept.
    error: CallError = cls.__new__(cls)
    CallError.__init__(error)
    for name, value in stored.get("facts", {}).items():
        setattr(error, name, value)
    error.args = (error.message,)
    if stored.get("result") is not None:
        error.result = deserialize_result(stored["result"])
    return error


def _class_of(error: CallError) -> type[CallError]:
    """Return the class of the error, or its nearest base class that is the package's own."""
    package = f"{exceptions.__name__}."
    return next(cls for cls in type(error).__mro__ if cls.__module__.startswith(package))


def _written_part(result: Rendered | None) -> str | None:
    """Return the result that an error carries, as text; None if it is too large to be stored."""
    text = None if result is None else serialize_result(result)
    return None if text is None or len(text) > settings.BACKGROUND_MAX_BYTES else text


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
