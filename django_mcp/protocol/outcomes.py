"""The answer to a call, from the outcome of serving it: the one mapping, for every caller."""

from typing import Any

from mcp_types import CallToolResult, InputRequiredResult

from django_mcp.calls.call import Call
from django_mcp.exceptions import InputRequiredError, UnaskableError
from django_mcp.models import ToolTask
from django_mcp.protocol.elicitation import input_required
from django_mcp.protocol.errors import failed_call, missing_elicitation
from django_mcp.protocol.task_wire import task_handle
from django_mcp.protocol.wire import wire_result
from django_mcp.schemas.output.output import Rendered

Served = Rendered | ToolTask
"""What serving a call comes to, when it does not raise."""


def wire_outcome(served: Served, call: Call) -> dict[str, Any]:
    """Return the result of a call that was served, or the handle of its task."""
    if isinstance(served, ToolTask):
        return task_handle(served)
    return wire_result(served, call.id)


def wire_error(
    error: Exception, call: Call, *, is_modern: bool
) -> CallToolResult | InputRequiredResult:
    """Return the result that tells of a call's failure, or of its questions.

    Raises `MCPError` where MCP wants one; only clients of 2026-07-28 can be told which capability
    they lack.
    """
    if isinstance(error, InputRequiredError):
        return input_required(error, call.id)
    if isinstance(error, UnaskableError) and is_modern:
        raise missing_elicitation(error) from None
    return failed_call(error, call.id)
