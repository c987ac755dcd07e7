"""Results that a test client receives: of calls, reads and prompts."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mcp_types import (
    BlobResourceContents,
    ContentBlock,
    PromptMessage,
    TextContent,
    TextResourceContents,
)

from django_mcp.calls.log_messages import LogMessage
from django_mcp.calls.progress import ProgressReport
from django_mcp.meta_keys import REPEATED_META_KEY
from django_mcp.schemas.output.output import WRAPPER

ResourceContents = TextResourceContents | BlobResourceContents


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """Result that a client receives from a call.

    `error` is `{kind, error, retryable, hint, retry_after}`, and empty unless `is_error`. `meta` is
    the `_meta` of the result. `is_wrapped` is true if the tool's output schema wraps what is no
    JSON object.
    """

    call_id: UUID
    is_error: bool
    content: tuple[ContentBlock, ...]
    structured: Any
    error: dict[str, Any]
    progress: tuple[ProgressReport, ...]
    logs: tuple[LogMessage, ...]
    meta: dict[str, Any]
    is_wrapped: bool = False

    @property
    def is_repeated(self) -> bool:
        """True if it is the answer to an earlier call with the same idempotency key."""
        return self.meta.get(REPEATED_META_KEY) is True

    @property
    def text(self) -> str:
        """Text blocks, one after the other."""
        return "\n".join(b.text for b in self.content if isinstance(b, TextContent))

    @property
    def data(self) -> Any:
        """Structured content, without the wrapper around what is no JSON object."""
        if self.is_wrapped and self.structured is not None:
            return self.structured[WRAPPER]
        return self.structured


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """Result that a client receives from a read: the contents of a resource."""

    call_id: UUID
    contents: tuple[ResourceContents, ...]
    progress: tuple[ProgressReport, ...]
    logs: tuple[LogMessage, ...]

    @property
    def text(self) -> str:
        """Texts of the contents, one after the other."""
        return "\n".join(c.text for c in self.contents if isinstance(c, TextResourceContents))

    @property
    def data(self) -> Any:
        """Contents as a value: data of JSON, bytes of a blob, else text; several as a list."""
        values = [_value(each) for each in self.contents]
        return values[0] if len(values) == 1 else values


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptResult:
    """Result that a client receives from a prompt: its messages."""

    call_id: UUID
    description: str | None
    messages: tuple[PromptMessage, ...]
    progress: tuple[ProgressReport, ...]
    logs: tuple[LogMessage, ...]

    @property
    def text(self) -> str:
        """Texts of the messages, one after the other."""
        blocks = (each.content for each in self.messages)
        return "\n".join(b.text for b in blocks if isinstance(b, TextContent))


def _value(contents: ResourceContents) -> Any:
    if isinstance(contents, BlobResourceContents):
        return base64.b64decode(contents.blob)
    media_type = (contents.mime_type or "").partition(";")[0].strip()
    is_json = media_type == "application/json" or media_type.endswith("+json")
    return json.loads(contents.text) if is_json else contents.text
