"""Retries of a function within its call, by stamina."""

import logging
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from django_mcp.calls.call import Call
from django_mcp.calls.steps import Place, Step, Steps
from django_mcp.exceptions import CallError, ToolError, ToolFailedError
from django_mcp.primitives.retry import Retry
from django_mcp.schemas.output.output import Rendered

logger = logging.getLogger(__name__)


def is_retried(retry: Retry, error: Exception) -> bool:
    """Return whether a policy has a function run again after this error of its call.

    What refuses a call, or gives it up, is no failure of the function.
    """
    cause = error.__cause__ if isinstance(error, ToolFailedError) else error
    if isinstance(cause, CallError) and not isinstance(cause, ToolError):
        return False
    if isinstance(cause, ToolError) and not cause.retryable:
        return False
    raised = cause.__cause__ if isinstance(cause, ToolError) else cause
    return isinstance(cause, retry.on) or isinstance(raised, retry.on)


def with_retries(call: Call, run: Callable[[], Steps[Rendered]]) -> Steps[Rendered]:
    """Run a function, with its transaction, until it succeeds or its policy gives up.

    No run begins that could not end by the deadline. Waits on the thread of a sync function, and
    on the event loop for an async one.
    """
    retry = call.primitive.retry
    if retry is None:
        return (yield from run())
    attempts = _attempts(call, retry)
    number = 0
    while True:
        attempt = yield attempts
        number += 1
        if number > 1:
            logger.info(
                "%s is run again, run %d of call %s", call.primitive.dotted_name, number, call.id
            )
        failure: Exception | None = None
        try:
            result = yield from run()
        except Exception as error:  # noqa: BLE001  (the policy decides)
            failure = error
        # Not around the run: it would swallow whatever ends a generator.
        with attempt:
            if failure is not None:
                raise failure
            return result


def _attempts(call: Call, retry: Retry) -> Step:
    """Return the step that waits until the next run is due; it raises the error of the last."""
    stamina: Any = import_module("stamina")
    failures = 0

    def delay(error: Exception) -> bool | float:
        nonlocal failures
        failures += 1
        is_over = call.deadline.is_over or call.cancellation.is_requested
        if is_over or error is call.refusal or not is_retried(retry, error):
            return False
        seconds = 0.0 if stamina.is_testing() else retry.delay(failures)
        return seconds if seconds < call.deadline.remaining else False

    # The deadline is among the conditions above.
    context = stamina.retry_context(on=delay, attempts=retry.times + 1, timeout=None)
    if call.primitive.is_async:
        return Step(aiter(context).__anext__, Place.LOOP)
    return Step(partial(next, iter(context)), Place.HERE)
