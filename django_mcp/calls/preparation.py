"""Preparing a background call within its request: what must be asked before there is a task."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from django_mcp.calls.elicitation import asking_in_request
from django_mcp.calls.run import failures_explained, transaction_of
from django_mcp.context import ToolContext
from django_mcp.exceptions import (
    InvalidArgumentsError,
    InvalidResultError,
    UnaskableError,
)
from django_mcp.threads.executors import awaited
from django_mcp.tools.preparation import Preparation
from django_mcp.tools.tool import Tool


def prepare(
    context: ToolContext, tool: Tool, preparation: Preparation, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Complete a call's arguments, in its invocation too; return those to run the tool with.

    Raises `InputRequiredError` while there are questions, and undoes what was done by then.
    """
    call = context.invocation
    unaskable = None if call.is_askable else UnaskableError(needs_task=False)
    asking = asking_in_request(context, unaskable)
    with failures_explained(context, tool), transaction_of(tool), asking:
        added = _call(context, preparation, arguments)
        context.complete({**call.arguments, **to_jsonable_python(dict(added or {}))})
        return _completed(context, tool)


def _call(context: ToolContext, preparation: Preparation, arguments: Mapping[str, Any]) -> Any:
    own = {name: arguments.get(name, default) for name, default in preparation.takes.items()}
    if preparation.user_parameter is not None:
        own[preparation.user_parameter] = context.user
    if preparation.context_parameter is not None:
        own[preparation.context_parameter] = context
    return awaited(preparation.function(**own))


def _completed(context: ToolContext, tool: Tool) -> dict[str, Any]:
    try:
        return tool.bind_completed(context)
    except InvalidArgumentsError as error:
        # What the client has sent was valid, so it is what the function has added.
        reasons = "; ".join(f"{each.path}: {each.reason}" for each in error.violations)
        raise InvalidResultError(f"prepare has returned wrong arguments: {reasons}") from error
