"""Guard of preparation: a background tool completes its arguments, and elicits, before its task."""

from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.calls.preparation import prepare
from django_mcp.calls.request_states import used_once
from django_mcp.schemas.output.output import Rendered


class Prepare(Guard):
    """Guard that runs `prepare` of the tool, in one transaction with the submission of the task."""

    def may_block(self, call: Call) -> bool:
        """See `Guard`."""
        return call.task_id is not None

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `InputRequiredError` and `RequestStateUsedError`."""
        if call.task_id is None:
            return None
        call.exit_stack.enter_context(used_once(call))
        preparation = call.tool.preparation
        if preparation is not None:
            prepare(call, preparation)
            call.recording.complete(call)
        return None
