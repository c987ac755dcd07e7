"""Single use of the request states that calls return with input responses."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, router, transaction

from django_mcp.calls.call import Call
from django_mcp.calls.run import unit_of_work
from django_mcp.exceptions import InputRequiredError, RequestStateUsedError, ToolError
from django_mcp.invocation import RequestState
from django_mcp.models import ToolTask, UsedRequestState

CLOCK_TOLERANCE = timedelta(minutes=1)
"""Time after its expiry for which a used state is remembered: clocks differ."""

OUTCOMES = (ToolError, InputRequiredError)
"""Exceptions of a call that has used its input responses: the state is used up."""


@contextmanager
def used_once(call: Call) -> Iterator[None]:
    """Mark the request state of a call as used, if it has one, by what the block does.

    In one transaction with the block, where the tool has one in the database of tasks and states.
    A block that fails, other than by one of `OUTCOMES`, has not used the state. Raises
    `RequestStateUsedError` before the block when another call has; waits while one is about to.
    """
    state = call.invocation.request_state
    if state is None:
        yield
        return
    database = router.db_for_write(UsedRequestState)
    if not call.tool.atomic == router.db_for_write(ToolTask) == database:
        with _used_unless_failed(state):
            yield
        return
    outcome: ToolError | InputRequiredError | None = None
    with unit_of_work(database):
        _use(state)
        try:
            with transaction.atomic(using=database):
                yield
        except OUTCOMES as error:
            outcome = error  # what the block did is undone, and the state stays used
    if outcome is not None:
        raise outcome


@contextmanager
def _used_unless_failed(state: RequestState) -> Iterator[None]:
    # A process that dies inside has used the state: better asked twice than run twice.
    _use(state)
    try:
        yield
    except OUTCOMES:
        raise
    except BaseException:
        _forget(state)
        raise


def _use(state: RequestState) -> None:
    try:
        with transaction.atomic(using=router.db_for_write(UsedRequestState)):
            UsedRequestState.objects.create(id=state.id, expires=state.expires + CLOCK_TOLERANCE)
    except IntegrityError as error:
        raise RequestStateUsedError from error


def _forget(state: RequestState) -> None:
    UsedRequestState.objects.filter(pk=state.id).delete()
