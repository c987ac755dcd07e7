"""The story of a background call in its worker: mine? still allowed? run, checked, on record."""

import asyncio
import inspect
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import DatabaseError, InterfaceError, connections, router

from django_mcp.background.backend import runs_of
from django_mcp.background.completion import end_with_error, end_with_result, save_result, settle
from django_mcp.background.heartbeat import Run, keeper
from django_mcp.background.input import written_questions
from django_mcp.background.notifications import wake
from django_mcp.background.recovery import sweep_when_due
from django_mcp.background.serialization import current_principal, invocation_of
from django_mcp.background.submit import hand_over
from django_mcp.calls.elicitation import Questions, SuspendedError
from django_mcp.calls.run import explain, failures_explained, rendering, transaction_of
from django_mcp.conf import settings
from django_mcp.context import ToolContext
from django_mcp.db.connections import forget_connection
from django_mcp.exceptions import (
    FollowUpFailedError,
    Question,
    RevokedError,
    TaskCancelledError,
    TaskError,
    ToolError,
    ToolFailedError,
    UnaskableError,
)
from django_mcp.models import ToolTask
from django_mcp.policy.snapshot import read_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.schemas.output.output import Rendered
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool

T = TypeVar("T")

logger = logging.getLogger(__name__)

RECONNECT_INTERVAL = 0.5


class ClaimLostError(Exception):
    """The task has ended, or is run by somebody else: what this run did must not count."""


def run_task(key: UUID, *, worker: str = "") -> None:
    """Run a queued task to its end, on this thread; do nothing when there is nothing to run.

    Of any number of calls for the same task, in any processes, one runs it. Raises nothing that
    the tool raises: whatever happens stands in the row and in the record. `SystemExit` alone is
    passed on, from a run that was to stop.
    """
    sweep_when_due()
    task = ToolTask.objects.claim(key, worker=worker or _here())
    if task is None:
        return
    tool = get_registry().get(task.name)
    run = Run(task, time_limit=runs_of(task).time_limit)
    error: BaseException | None = None
    with keeper.keeping(run):
        try:
            _run(run, tool)
        except SuspendedError as waiting:
            _persistently(partial(_suspend, run, waiting.questions))
        except ClaimLostError:
            logger.warning("Task %s ended before its run did; that is discarded", task.pk)
        except (Exception, SystemExit) as raised:
            error = _explained(run, tool, raised)
            delay = None if tool is None else _retry_delay(run, tool, error)
            if delay is not None and _persistently(
                partial(run.rows.requeue, delay=timedelta(seconds=delay))
            ):
                logger.info("Task %s is run again in %.1f s", task.pk, delay, exc_info=raised)
                hand_over(task, delay=delay)
                return
            _persistently(partial(end_with_error, run.rows, error, **run.take_progress()))
    # Whoever has ended it: a commit may count although its confirmation was lost.
    _persistently(lambda: settle(key, error=error))
    cause = None if error is None else error.__cause__
    if run.is_stopped and isinstance(cause, SystemExit):
        # Celery ends the process of an overdue run by a signal. It must not take another task in
        # the moment before it is killed.
        raise cause


def _run(run: Run, tool: Tool | None) -> None:
    context, tool, arguments = _admit(run, tool)
    questions = Questions(
        context.invocation.answers, unaskable=None if run.task.is_askable else UnaskableError()
    )
    try:
        with transaction_of(tool) as unit:
            with failures_explained(context, tool), questions.of(context):
                unit.result = result = _call(run, context, tool, arguments)
            # In one transaction with what the tool has written, where they share a database: both
            # count, or neither does. The task has not ended before the hooks of the commit have.
            is_together = tool.atomic == router.db_for_write(ToolTask)
            is_ended = is_together and not unit.has_hooks
            if is_ended:
                _complete(run, context, result)
            elif is_together and not save_result(run.rows, result):
                raise ClaimLostError
        if not is_ended:
            _persistently(lambda: _complete(run, context, result))
    except asyncio.CancelledError:
        raise TaskCancelledError from None
    finally:
        context.finish_progress()


def _admit(run: Run, tool: Tool | None) -> tuple[ToolContext, Tool, dict[str, Any]]:
    """Judge the call again, as if it came now: whatever was withdrawn since does not run."""
    principal = current_principal(run.task)
    # Read now: what operators have switched off within the last second counts too, and predicates
    # are called again.
    if tool is None or not Visibility(principal, read_snapshot()).sees(tool):
        raise RevokedError
    if not tool.scopes <= principal.scopes:
        raise RevokedError
    invocation = invocation_of(run.task, principal)
    context = ToolContext(invocation, progress=run, task_id=run.task.pk)
    run.context = context
    if run.is_stopped:
        context.cancel()
    return context, tool, tool.bind_completed(context)


def _call(run: Run, context: ToolContext, tool: Tool, arguments: dict[str, Any]) -> Rendered:
    value = tool.function(**arguments)
    if inspect.isawaitable(value):
        value = async_to_sync(_until_stopped)(run, value)
    with rendering(context):
        return tool.render(context, value)


async def _until_stopped(run: Run, coroutine: Any) -> Any:
    """Await a tool's coroutine; it is cancelled when the run is to stop."""
    loop = asyncio.get_running_loop()
    running = asyncio.ensure_future(coroutine)

    def cancel() -> None:
        with suppress(RuntimeError):  # it has ended, and the loop with it
            loop.call_soon_threadsafe(running.cancel)

    run.on_stop(cancel)
    return await running


def _suspend(run: Run, questions: Mapping[str, Question]) -> None:
    """Leave the task to wait in its row: whichever worker is free goes on with the answers."""
    text = written_questions(questions)
    if run.rows.suspend(questions=text, **run.take_progress()):
        wake(run.task.pk)
    else:
        end_with_error(run.rows, TaskCancelledError())


def _complete(run: Run, context: ToolContext, result: Rendered) -> None:
    context.finish_progress()
    progress = run.take_progress()
    if context.has_told_of_cancellation:
        # The tool knew, and ended: what it returned is no more than where it stopped.
        is_ended = end_with_error(run.rows, TaskCancelledError(), **progress)
    else:
        is_ended = end_with_result(run.rows, result, **progress)
    if not is_ended:
        raise ClaimLostError


def _explained(run: Run, tool: Tool | None, error: Exception | SystemExit) -> Exception:
    """The error itself where callers may know it; anything else is our side's fault."""
    if isinstance(error, FollowUpFailedError):
        return error
    if run.context is not None and run.context.has_told_of_cancellation:
        return TaskCancelledError()
    if isinstance(error, ToolError | ToolFailedError | TaskError | RevokedError):
        return error
    if run.context is not None and tool is not None:
        return explain(error, run.context, tool)
    failure = ToolFailedError(run.task.call_id)
    failure.__cause__ = error
    return failure


def _retry_delay(run: Run, tool: Tool, error: Exception) -> float | None:
    """Seconds after which the tool is to be run again; None when it is not."""
    runs = tool.background
    if runs is None or runs.retry is None or run.is_stopped:
        return None
    cause = error.__cause__ if isinstance(error, ToolFailedError) else error
    is_final = isinstance(cause, ToolError) and not cause.retryable
    raised = cause.__cause__ if isinstance(cause, ToolError) else cause
    is_declared = isinstance(cause, runs.retry.on) or isinstance(raised, runs.retry.on)
    if is_final or not is_declared or run.task.tries > runs.retry.times:
        return None
    return runs.retry.delay(run.task.tries)


def _persistently(write: Callable[[], T]) -> T:
    """Write although the database may be away for a while, for as long as the row is kept alive.

    Somebody who finds the row stale after that ends it.
    """
    give_up = time.monotonic() + settings.BACKGROUND_STALE_AFTER
    while True:
        connection = connections[router.db_for_write(ToolTask)]
        try:
            with connection.wrap_database_errors:  # a broken cursor raises the driver's own
                return write()
        except (DatabaseError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() >= give_up:
                raise
            forget_connection(connection)  # the tool may have broken it
            time.sleep(RECONNECT_INTERVAL)  # a database tells nobody that it is back


def _here() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
