"""Preparation of a background call within its request: elicitation before there is a task."""

from typing import Any

from pydantic_core import to_jsonable_python

from django_mcp.calls.call import Call
from django_mcp.calls.elicitation import elicitation_in_request
from django_mcp.calls.run import interruptible, mapped_errors, transaction_of
from django_mcp.exceptions import InvalidArgumentsError, InvalidResultError, UnaskableError
from django_mcp.threads.executors import awaited
from django_mcp.tools.preparation import Preparation


def prepare(call: Call, preparation: Preparation) -> None:
    """Complete the arguments of a call, in its invocation too.

    Raises `InputRequiredError` while there are open requests, and undoes what was done by then.
    """
    unaskable = None if call.invocation.is_askable else UnaskableError(needs_task=False)
    asking = elicitation_in_request(call, unaskable)
    with mapped_errors(call), transaction_of(call), asking:
        with interruptible(call):
            added = _added(call, preparation)
        call.complete({**call.invocation.arguments, **to_jsonable_python(dict(added or {}))})
        call.arguments = _completed(call)


def _added(call: Call, preparation: Preparation) -> Any:
    arguments = call.arguments or {}
    own = {name: arguments.get(name, default) for name, default in preparation.takes.items()}
    if preparation.user_parameter is not None:
        own[preparation.user_parameter] = call.principal.user
    if preparation.context_parameter is not None:
        own[preparation.context_parameter] = call.context
    return awaited(preparation.function(**own))


def _completed(call: Call) -> dict[str, Any]:
    try:
        return call.tool.bind_completed(call.invocation, call.context)
    except InvalidArgumentsError as error:
        # What the client has sent was valid, so it is what the function has added.
        reasons = "; ".join(f"{each.path}: {each.reason}" for each in error.violations)
        raise InvalidResultError(f"prepare has returned wrong arguments: {reasons}") from error
