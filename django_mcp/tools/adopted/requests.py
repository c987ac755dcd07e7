"""Requests of MCP as the functions of an adopted server see them through their `Context`.

Progress and log messages reach the client of the call. What would need a session with it, and
what a server prepares when it starts, is refused in words.
"""

import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django_mcp.context import LogLevel, ToolContext
from django_mcp.exceptions import ToolError

PROTOCOL_VERSION = "2025-11-25"
"""Revision that functions see, whatever the client speaks: in later ones they would return their
questions, and here they learn at once that there is nobody to ask."""


def unavailable(feature: str) -> ToolError:
    """Return the error of a function that uses what an adopted tool does not have."""
    return ToolError(
        f"This tool needs {feature}, which it does not have on this server.",
        hint="Do without this tool.",
    )


def _refusing(feature: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def refuse(*_: Any, **__: Any) -> Any:
        raise unavailable(feature)

    return refuse


class Session:
    """Session of a request, with the methods that a `Context` calls."""

    client_capabilities = None
    client_params = None
    can_send_request = False
    protocol_version = PROTOCOL_VERSION

    def __init__(self, context: ToolContext) -> None:
        self._context = context

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress to the client of the call."""
        await self._context.areport_progress(progress, total, message or "")

    async def send_progress_notification(
        self,
        progress_token: str | int,
        progress: float,
        total: float | None = None,
        message: str | None = None,
        related_request_id: str | None = None,
    ) -> None:
        """Report progress, whatever the token: there is one call."""
        await self.report_progress(progress, total, message)

    async def send_log_message(
        self,
        level: LogLevel,
        data: Any,
        logger: str | None = None,
        related_request_id: str | None = None,
    ) -> None:
        """Log a message for the client of the call; data is written as JSON."""
        message = getattr(data, "msg", data)
        text = message if isinstance(message, str) else json.dumps(message, default=str)
        await self._context.alog(level, text)

    def check_client_capability(self, capability: Any) -> bool:
        """Return False: nothing can be asked of the client."""
        return False

    elicit = elicit_form = elicit_url = send_elicit_complete = _refusing("an answer of its user")
    create_message = _refusing("a language model of the client")
    list_roots = _refusing("the folders of the client")
    send_request = send_ping = _refusing("an answer of the client")
    send_notification = _refusing("to notify the client")
    send_resource_updated = send_resource_list_changed = send_notification
    send_tool_list_changed = send_prompt_list_changed = send_notification


class Subscriptions:
    """Bus of a server's notifications, which has no subscribers here."""

    publish = staticmethod(_refusing("to notify the client"))


class Lifespan(Mapping[str, Any]):
    """Lifespan context of a server that is not started."""

    def __getitem__(self, key: str) -> Any:
        raise unavailable("what its server prepares when it starts")

    def __iter__(self) -> Iterator[str]:
        raise unavailable("what its server prepares when it starts")

    def __len__(self) -> int:
        raise unavailable("what its server prepares when it starts")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise unavailable("what its server prepares when it starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Request context of one call, in the form of the SDK's `ServerRequestContext`."""

    session: Session
    request_id: str
    meta: Mapping[str, str]
    lifespan_context: Lifespan = field(default_factory=Lifespan)
    protocol_version: str = PROTOCOL_VERSION
    method: str = "tools/call"
    params: None = None
    request: None = None
    close_sse_stream: None = None
    close_standalone_sse_stream: None = None


def request_of(context: ToolContext) -> Request:
    """Return the request of a call."""
    call_id = str(context.call_id)
    return Request(
        session=Session(context),
        request_id=call_id,
        # Without a token, one of the servers reports nothing.
        meta={"progress_token": call_id},
    )
