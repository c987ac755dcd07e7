"""Handlers of `tasks/get`, `tasks/update` and `tasks/cancel`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from mcp import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp_types import RequestParams

from django_mcp.background.cancellation import cancel
from django_mcp.background.input import accept_responses
from django_mcp.background.queries import find_tasks
from django_mcp.exceptions import InvalidInputResponsesError
from django_mcp.models import ToolTask
from django_mcp.principals import Principal
from django_mcp.protocol.capabilities import TASKS, declares_tasks
from django_mcp.protocol.errors import (
    header_mismatch,
    internal_error,
    invalid_input_responses,
    method_not_found,
    missing_extension,
    unknown_task,
)
from django_mcp.protocol.exchange import Context, exchange_of, is_modern
from django_mcp.protocol.tasks import detailed_task
from django_mcp.threads.executors import run_in_control


class TaskParams(RequestParams):
    """Params of a request about one task."""

    task_id: str


class UpdateTaskParams(TaskParams):
    """Params of `tasks/update`: input responses by the keys of the requests."""

    input_responses: dict[str, Any]


ParamsT = TypeVar("ParamsT", bound=TaskParams)


def task_request(
    serve: Callable[[ToolTask, ParamsT], dict[str, Any]],
) -> Callable[[Context, ParamsT], Awaitable[dict[str, Any]]]:
    """Return a handler of requests about one of the caller's tasks; `serve` runs on a thread."""

    @wraps(serve)
    async def handle(ctx: Context, params: ParamsT) -> dict[str, Any]:
        # The SDK knows in which era its own methods exist, and which name a header must repeat.
        if not is_modern(ctx):
            raise method_not_found(ctx.method)
        exchange = exchange_of(ctx)
        if decode_header_value(exchange.peer.headers.get(MCP_NAME_HEADER)) != params.task_id:
            raise header_mismatch(MCP_NAME_HEADER, "taskId")
        if not declares_tasks(ctx):
            raise missing_extension(TASKS)

        def answer() -> dict[str, Any]:
            return {"resultType": "complete", **serve(_find(params, exchange.principal), params)}

        try:
            return await run_in_control(answer)
        except MCPError:
            raise
        except Exception as error:  # noqa: BLE001  (rendering knows what may be told)
            raise internal_error(error) from None

    return handle


@task_request
def get_task(task: ToolTask, params: TaskParams) -> dict[str, Any]:
    """Handle `tasks/get`."""
    return detailed_task(task)


@task_request
def cancel_task(task: ToolTask, params: TaskParams) -> dict[str, Any]:
    """Handle `tasks/cancel`: the request is stored; its effect is the status in `tasks/get`."""
    cancel(task.pk)
    return {}


@task_request
def update_task(task: ToolTask, params: UpdateTaskParams) -> dict[str, Any]:
    """Handle `tasks/update`.

    A response to what is not, or no longer, an open request is ignored, as SEP-2663 wants. One
    that the tool cannot use is requested again.
    """
    try:
        accept_responses(task.pk, params.input_responses)
    except InvalidInputResponsesError as error:
        raise invalid_input_responses(error) from None
    return {}


def task_key(task_id: str) -> UUID | None:
    """Return the key that a task id stands for; None for a text that is no id of ours."""
    try:
        key = UUID(task_id)
    except ValueError:
        return None
    return key if str(key) == task_id else None


def _find(params: TaskParams, principal: Principal) -> ToolTask:
    key = task_key(params.task_id)
    found = find_tasks([key], principal) if key is not None else []
    if not found:
        raise unknown_task()
    return found[0]
