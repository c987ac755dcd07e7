"""Calls of tools, with every round of their questions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from mcp_types import CallToolResult

from django_mcp.background.completion import result_of
from django_mcp.background.input import accept_responses, open_requests
from django_mcp.calls.call import Call
from django_mcp.calls.log_messages import LogThrottle
from django_mcp.catalog import find
from django_mcp.dispatch import serve, start_task
from django_mcp.exceptions import (
    ElicitationRequest,
    InputRequiredError,
    MissingScopeError,
    UnknownToolError,
)
from django_mcp.invocation import Invocation
from django_mcp.kinds import Kind
from django_mcp.meta_keys import ERROR_META_KEY
from django_mcp.models import ToolTask
from django_mcp.principals import Principal
from django_mcp.protocol.call_results import call_result, error_result
from django_mcp.protocol.targets import Target
from django_mcp.schemas.output.output import Rendered
from django_mcp.testing.arguments import as_json
from django_mcp.testing.denials import note_denials
from django_mcp.testing.inline import inline
from django_mcp.testing.notifications import ReceivedNotifications
from django_mcp.testing.results import ToolResult
from django_mcp.threads.executors import run_in_control
from django_mcp.tools.tool import Tool

Answer = Callable[[ElicitationRequest], Mapping[str, Any] | None]
"""Function that answers a question by its `message` and `form`: what is filled in, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCaller:
    """Caller of tools, whose user answers their questions if there is an `answer`."""

    principal: Principal
    answer: Answer | None
    idempotency_key: str | None

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool until it asks nothing more. Each round before it has a task is a call."""
        can_answer = self.answer is not None
        invocation = Invocation(
            name=name,
            arguments=as_json(arguments),
            principal=self.principal,
            is_askable=can_answer,
            takes_task=can_answer,
            idempotency_key=self.idempotency_key,
        )
        tool = None
        while True:
            received = ReceivedNotifications()
            call = Call(
                invocation=invocation,
                target=None,
                progress=received,
                logs=LogThrottle(received, level="debug"),
            )
            try:
                with inline():
                    tool = call.target = await find(Tool, name, self.principal)
                    served = await self._served(call)
                wire = CallToolResult.model_validate(call_result(served, call))
            except InputRequiredError as error:
                responses = {**error.input_responses, **self._responses(error.input_requests)}
                invocation = replace(invocation, id=uuid4(), input_responses=responses)
                continue
            except UnknownToolError as error:
                with inline():
                    target = Target(kind=Kind.TOOL, name=name, arguments={})
                    await note_denials(error, target, self.principal)
                raise
            except MissingScopeError:
                raise
            except Exception as error:  # noqa: BLE001  (the client would receive it as a result)
                wire = CallToolResult.model_validate(error_result(error, call, is_modern=False))
            return _result(wire, call.id, received, tool)

    async def _served(self, call: Call) -> Rendered:
        """Serve a call, and return its result; `answer` responds to input requests of its task."""
        tool = call.target
        is_background = isinstance(tool, Tool) and tool.background is not None
        if not (is_background and call.invocation.takes_task):
            return await serve(call)
        task = await start_task(call)
        if isinstance(task, Rendered):
            return task
        return await run_in_control(self._finished, task, call)

    def _finished(self, task: ToolTask, call: Call) -> Rendered:
        task.refresh_from_db()
        while requests := open_requests(task):
            accept_responses(task.pk, self._responses(requests))
            task.refresh_from_db()
        if task.progress is not None:
            call.report_progress(task.progress, task.progress_total, task.progress_message)
        return result_of(task.pk)

    def _responses(
        self, requests: Mapping[str, ElicitationRequest]
    ) -> dict[str, Mapping[str, Any]]:
        assert self.answer is not None  # the client declares elicitation only with it
        responses: dict[str, Mapping[str, Any]] = {}
        for key, request in requests.items():
            filled = self.answer(request)
            accepted = {"action": "accept", "content": as_json(filled or {})}
            responses[key] = {"action": "decline"} if filled is None else accepted
        return responses


def _result(
    wire: CallToolResult, call_id: UUID, received: ReceivedNotifications, tool: Tool | None
) -> ToolResult:
    return ToolResult(
        call_id=call_id,
        is_error=wire.is_error,
        content=tuple(wire.content),
        structured=wire.structured_content,
        error=dict((wire.meta or {}).get(ERROR_META_KEY, {})),
        progress=tuple(received.reports),
        logs=tuple(received.messages),
        meta=dict(wire.meta or {}),
        is_wrapped=tool is not None and tool.output.is_wrapped,
    )
