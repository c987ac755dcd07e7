"""MCP client for the tests of a project, without a server."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import async_to_sync
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from mcp_types import CallToolResult, ContentBlock, TextContent, Tool

from django_mcp.background.completion import result_of
from django_mcp.background.input import accept_responses, open_requests
from django_mcp.calls.call import Call
from django_mcp.calls.log_messages import LogMessage, LogThrottle
from django_mcp.calls.progress import ProgressReport
from django_mcp.catalog import find, visible
from django_mcp.dispatch import serve, start_task
from django_mcp.endpoints import get_endpoints
from django_mcp.exceptions import (
    ElicitationRequest,
    InputRequiredError,
    MissingScopeError,
    UnknownToolError,
)
from django_mcp.invocation import Invocation
from django_mcp.models import ToolTask
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.registry import get_registry
from django_mcp.principals import Principal
from django_mcp.protocol.call_results import call_result, error_result
from django_mcp.protocol.definitions import wire_tool
from django_mcp.protocol.meta_keys import ERROR_META_KEY
from django_mcp.schemas.output.output import WRAPPER, Rendered
from django_mcp.testing.inline import inline
from django_mcp.threads.executors import run_in_control
from django_mcp.tools import tool as tools


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """Result that a client receives from a call.

    `error` is `{kind, error, retryable, hint, retry_after}`, and empty unless `is_error`.
    `is_wrapped` is true if the tool's output schema wraps what is no JSON object.
    """

    call_id: UUID
    is_error: bool
    content: tuple[ContentBlock, ...]
    structured: Any
    error: dict[str, Any]
    progress: tuple[ProgressReport, ...]
    logs: tuple[LogMessage, ...]
    is_wrapped: bool = False

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


@dataclass(slots=True)
class _CollectedNotifications:
    reports: list[ProgressReport] = field(default_factory=list)
    messages: list[LogMessage] = field(default_factory=list)

    def send(self, notification: ProgressReport | LogMessage) -> None:
        if isinstance(notification, ProgressReport):
            self.reports.append(notification)
        else:
            self.messages.append(notification)

    async def drain(self) -> None:
        """Every notification is delivered as it is sent."""


class MCPClient:
    """MCP client that calls tools through the same policy, validation and record as the endpoint.

    Everything runs in the test's own thread and database connection, background tools too, so
    tools see what a `TestCase` has made, and it is rolled back with the test.

    Args:
        user: Who calls; None is an anonymous caller.
        scopes: What the token holds; default every scope of the tools.
        client_id: The application that the user calls through.
        answer: What the user answers to a question of a tool: given its `message` and `form`, what
            is filled in, or None to decline. By default the client cannot be asked. Every round of
            questions that a tool has before it has a task is a call on record.
        endpoint: The name of the endpoint that is called.
    """

    def __init__(
        self,
        user: AbstractBaseUser | None = None,
        *,
        scopes: Iterable[str] | None = None,
        client_id: str = "test-client",
        answer: Callable[[ElicitationRequest], Mapping[str, Any] | None] | None = None,
        endpoint: str = "default",
    ) -> None:
        self._answer = answer
        held = get_registry().scopes if scopes is None and user is not None else scopes or ()
        called = get_endpoints().by_name(endpoint)
        if called is None:
            raise LookupError(f"There is no endpoint {endpoint!r}.")
        self.principal = Principal(
            endpoint=called,
            user=user,
            client_id="" if user is None else client_id,
            client_name="" if user is None else client_id,
            scopes=frozenset(held),
        )

    def list_tools(self) -> list[Tool]:
        """Return the tools that this caller sees, as MCP defines them."""
        forget_snapshot()
        return [wire_tool(tool) for tool in visible(tools.Tool, self.principal)]

    def call(self, name: str, /, **arguments: Any) -> ToolResult:
        """Call a tool. Dates, decimals and UUIDs are sent as the strings that a client would send.

        Raises `UnknownToolError` for a tool that this caller does not see and `MissingScopeError`
        for one that its scopes do not cover; every other failure is in the result.
        """
        return async_to_sync(self.acall)(name, **arguments)

    async def acall(self, name: str, /, **arguments: Any) -> ToolResult:
        """As `call`, for async tests."""
        forget_snapshot()
        can_answer = self._answer is not None
        invocation = Invocation(
            name=name,
            arguments=_sent(arguments),
            principal=self.principal,
            is_askable=can_answer,
            takes_task=can_answer,
        )
        tool = None
        while True:
            received = _CollectedNotifications()
            call = Call(
                invocation=invocation,
                target=None,
                progress=received,
                logs=LogThrottle(received, level="debug"),
            )
            try:
                with inline():
                    tool = call.target = await find(tools.Tool, name, self.principal)
                    served = await self._served(call)
                wire = CallToolResult.model_validate(call_result(served, call))
            except InputRequiredError as error:
                responses = {
                    **error.input_responses,
                    **self._input_responses(error.input_requests),
                }
                invocation = replace(invocation, id=uuid4(), input_responses=responses)
                continue
            except (UnknownToolError, MissingScopeError):
                raise
            except Exception as error:  # noqa: BLE001  (the client would receive it as a result)
                wire = CallToolResult.model_validate(error_result(error, call, is_modern=False))
            return _result(wire, call.id, received, tool)

    async def _served(self, call: Call) -> Rendered:
        """Serve a call, and return its result; `answer` responds to input requests of its task."""
        tool = call.target
        is_background = isinstance(tool, tools.Tool) and tool.background is not None
        if not (is_background and call.invocation.takes_task):
            return await serve(call)
        task = await start_task(call)
        if isinstance(task, Rendered):
            return task
        return await run_in_control(self._finished, task, call)

    def _finished(self, task: ToolTask, call: Call) -> Rendered:
        task.refresh_from_db()
        while requests := open_requests(task):
            accept_responses(task.pk, self._input_responses(requests))
            task.refresh_from_db()
        if task.progress is not None:
            call.report_progress(task.progress, task.progress_total, task.progress_message)
        return result_of(task.pk)

    def _input_responses(
        self, requests: Mapping[str, ElicitationRequest]
    ) -> dict[str, Mapping[str, Any]]:
        assert self._answer is not None  # the client declares elicitation only with it
        responses: dict[str, Mapping[str, Any]] = {}
        for key, request in requests.items():
            filled = self._answer(request)
            accepted = {"action": "accept", "content": _sent(filled or {})}
            responses[key] = {"action": "decline"} if filled is None else accepted
        return responses


def _sent(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a client sends them."""
    sent: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return sent


def _result(
    wire: CallToolResult,
    call_id: UUID,
    received: _CollectedNotifications,
    tool: tools.Tool | None,
) -> ToolResult:
    return ToolResult(
        call_id=call_id,
        is_error=wire.is_error,
        content=tuple(wire.content),
        structured=wire.structured_content,
        error=dict((wire.meta or {}).get(ERROR_META_KEY, {})),
        progress=tuple(received.reports),
        logs=tuple(received.messages),
        is_wrapped=tool is not None and tool.output.is_wrapped,
    )
