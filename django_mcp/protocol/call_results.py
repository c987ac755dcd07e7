"""Results of calls on the wire: the one mapping of results and errors, for every caller."""

from typing import Any

from mcp_types import CallToolResult, InputRequiredResult

from django_mcp.calls.call import Call
from django_mcp.exceptions import InputRequiredError, UnaskableError
from django_mcp.meta_keys import REPEATED_META_KEY
from django_mcp.models import ToolTask
from django_mcp.protocol.elicitation import input_required
from django_mcp.protocol.errors import failed_call, missing_elicitation
from django_mcp.protocol.results import wire_result
from django_mcp.protocol.tasks import create_task_result
from django_mcp.schemas.output.output import Rendered

Served = Rendered | ToolTask
"""Value that `dispatch` returns for a call: a result or a task."""


def call_result(served: Served, call: Call) -> dict[str, Any]:
    """Return the `CallToolResult` of a call that was served, or its `CreateTaskResult`.

    The task may be that of an earlier call, with the same idempotency key.
    """
    if isinstance(served, ToolTask):
        is_repeated = served.call_id != call.id
        meta = {"_meta": {REPEATED_META_KEY: True}} if is_repeated else {}
        return {**create_task_result(served), **meta}
    return wire_result(served, call.id)


def error_result(
    error: Exception, call: Call, *, is_modern: bool
) -> CallToolResult | InputRequiredResult:
    """Return the result of a call that failed, or that needs input first.

    Raises `MCPError` where MCP wants one; only clients of 2026-07-28 can be told which capability
    they lack.
    """
    if isinstance(error, InputRequiredError):
        return input_required(error, call.id)
    if isinstance(error, UnaskableError) and is_modern:
        raise missing_elicitation(error) from None
    return failed_call(error, call.id)
