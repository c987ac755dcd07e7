"""Worker side of a task: claim, re-authorize, run, store the result, finish the record."""

import asyncio
import logging
import os
import random
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

from django_mcp.background.backend import background_of, get_backend, waits_for_commit
from django_mcp.background.completion import (
    end_with_error,
    end_with_result,
    record_end,
    save_result,
)
from django_mcp.background.heartbeat import Heartbeat, Run, heartbeat
from django_mcp.background.input import serialize_requests
from django_mcp.background.recovery import recover_when_due
from django_mcp.background.serialization import call_of, current_principal
from django_mcp.background.submit import enqueue
from django_mcp.calls.call import Call
from django_mcp.calls.cancellation import Cancellation
from django_mcp.calls.elicitation import Elicitation, SuspendedError
from django_mcp.calls.guard import WaitFor
from django_mcp.calls.pipeline import after, repetition
from django_mcp.calls.retries import is_retried
from django_mcp.calls.run import (
    call_function,
    error_for_client,
    interruptible,
    mapped_errors,
    transaction_of,
)
from django_mcp.calls.steps import Steps, drive_on_thread
from django_mcp.conf import settings
from django_mcp.db.connections import forget_connection
from django_mcp.exceptions import (
    BusyError,
    CallError,
    ElicitationRequest,
    FollowUpFailedError,
    TaskCancelledError,
    ToolFailedError,
    UnaskableError,
)
from django_mcp.guards import all_guards
from django_mcp.models import ToolTask
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.notifications import publish, wait_until_published

T = TypeVar("T")

logger = logging.getLogger(__name__)

RECONNECT_INTERVAL_SECONDS = 0.5

BUSY_DELAY_SECONDS = 5.0
"""About the time after which a task is tried again that a limit of concurrent calls has refused."""


class ClaimLostError(Exception):
    """The task has ended, or another run has replaced this one: its work must not count."""


def run_task(key: UUID, *, worker: str = "", heartbeat: Heartbeat = heartbeat) -> None:
    """Run a queued task to its end, on this thread; do nothing when there is nothing to run.

    Of any number of calls for the same task, in any processes, one runs it. Raises nothing that
    the tool raises: whatever happens stands in the row and in the record. `SystemExit` alone is
    passed on, from a run that was to stop.
    """
    recover_when_due()
    task = ToolTask.objects.claim(key, worker=worker or _worker_name())
    if task is None:
        return
    run = Run(task, time_limit=background_of(task).time_limit)
    error: BaseException | None = None
    with heartbeat.keep_alive(run):
        try:
            _run(run)
        except SuspendedError as suspended:
            _write_with_retries(partial(_suspend, run, suspended.requests))
        except ClaimLostError:
            logger.warning("Task %s ended before its run did; that is discarded", task.pk)
        except (Exception, SystemExit) as raised:
            error = _public_error(run, raised)
            if _is_to_be_postponed(run, error):
                if _postpone(run, error):
                    return
                error = TaskCancelledError()
            delay = _retry_delay(run, error)
            if delay is not None and _write_with_retries(
                partial(run.rows.requeue, delay=timedelta(seconds=delay))
            ):
                logger.info("Task %s is run again in %.1f s", task.pk, delay, exc_info=raised)
                enqueue(task, delay=delay)
                return
            _write_with_retries(partial(end_with_error, run.rows, error, **run.take_changes()))
    # Whatever has ended it: a commit may count although its confirmation was lost.
    _write_with_retries(lambda: record_end(key, error=error))
    cause = None if error is None else error.__cause__
    if run.cancellation.is_requested and isinstance(cause, SystemExit):
        # Celery ends the process of an overdue run by a signal. It must not take another task in
        # the moment before it is killed.
        raise cause


def _run(run: Run) -> None:
    """Re-authorize the call, as if it came now, and run it."""
    principal = current_principal(run.task)
    call = run.call = call_of(
        run.task,
        principal,
        progress=run,
        cancellation=run.cancellation,
        deadline=run.deadline,
    )
    try:
        answer = _drive(run, call)
        if isinstance(answer, Rendered):
            _write_with_retries(lambda: _complete(run, call, answer))
    except asyncio.CancelledError:
        raise TaskCancelledError from None
    finally:
        call.finish_notifications()


def _drive(run: Run, call: Call) -> Rendered | None:
    """Run the steps of a call; again and again while a guard raises `WaitFor`.

    Raises `TaskCancelledError` when the task is cancelled meanwhile.
    """
    finish = partial(async_to_sync(_await_cancellable), run.cancellation)
    began = time.monotonic()
    while True:
        steps = repetition(call, all_guards(), partial(_run_function, run, call))
        try:
            return drive_on_thread(steps, finish=finish)
        except WaitFor as waiting:
            if run.cancellation.is_requested:
                raise TaskCancelledError from None
            left = waiting.timeout - (time.monotonic() - began)
            if left <= 0:
                raise BusyError from None
            async_to_sync(wait_until_published)(
                waiting.key, patience=min(left, RECONNECT_INTERVAL_SECONDS)
            )


def _run_function(run: Run, call: Call) -> Steps[None]:
    unaskable = None if run.task.is_askable else UnaskableError()
    elicitation = Elicitation(call.invocation.input_responses, unaskable=unaskable)
    with transaction_of(call) as unit:
        with mapped_errors(call), elicitation.of(call), interruptible(call):
            result = yield from call_function(call)
        unit.result = result = yield from after(call, all_guards())(result)
        # In one transaction with what the tool has written, where they share a database: both
        # count, or neither does. The task has not ended before the hooks of the commit have.
        is_together = call.tool.atomic == router.db_for_write(ToolTask)
        is_ended = is_together and not unit.has_hooks
        if is_ended:
            _complete(run, call, result)
        elif is_together and not save_result(run.rows, result):
            raise ClaimLostError
    if not is_ended:
        _write_with_retries(lambda: _complete(run, call, result))


async def _await_cancellable(cancellation: Cancellation, awaitable: Any) -> Any:
    """Await the awaitable that a tool's function has returned; it is cancelled with the call."""
    loop = asyncio.get_running_loop()
    running = asyncio.ensure_future(awaitable)

    def cancel() -> None:
        with suppress(RuntimeError):  # it has ended, and the loop with it
            loop.call_soon_threadsafe(running.cancel)

    cancellation.on_request(cancel)
    return await running


def _suspend(run: Run, requests: Mapping[str, ElicitationRequest]) -> None:
    """Suspend the task until its input responses are there: any free worker resumes it."""
    text = serialize_requests(requests)
    if run.rows.suspend(input_requests=text, **run.take_changes()):
        publish(run.task.pk)
    else:
        end_with_error(run.rows, TaskCancelledError())


def _complete(run: Run, call: Call, result: Rendered) -> None:
    call.finish_notifications()
    facts = run.take_changes()
    if run.cancellation.is_seen:
        # The tool knew, and ended: what it returned is no more than where it stopped.
        is_ended = end_with_error(run.rows, TaskCancelledError(), **facts)
    else:
        is_ended = end_with_result(run.rows, result, **facts)
    if not is_ended:
        raise ClaimLostError


def _public_error(run: Run, error: Exception | SystemExit) -> Exception:
    """Return the error where callers may know it; any other as `ToolFailedError`."""
    call = run.call
    if isinstance(error, FollowUpFailedError):
        return error
    if run.cancellation.is_seen:
        return TaskCancelledError()
    if isinstance(error, CallError):
        return error
    if call is not None and call.target is not None:
        return error_for_client(error, call)
    failure = ToolFailedError(run.task.call_id)
    failure.__cause__ = error
    return failure


def _is_to_be_postponed(run: Run, error: Exception) -> bool:
    """Return whether a guard has refused the run as busy: nothing of it has begun.

    Not where the backend would run it here at once, and again and again.
    """
    is_refused = run.call is not None and error is run.call.refusal
    return is_refused and isinstance(error, BusyError) and waits_for_commit(get_backend())


def _postpone(run: Run, error: Exception) -> bool:
    """Queue a task for later whose run has not begun; False if it has ended or is to end."""
    delay = BUSY_DELAY_SECONDS * random.uniform(0.5, 1.5)
    if not _write_with_retries(partial(run.rows.postpone, delay=timedelta(seconds=delay))):
        return False
    logger.info("Task %s waits for %.1f s: %s", run.task.pk, delay, error)
    enqueue(run.task, delay=delay)
    return True


def _retry_delay(run: Run, error: Exception) -> float | None:
    """Return the seconds after which the tool is to be run again; None when it is not."""
    retry = background_of(run.task).retry
    if retry is None or run.cancellation.is_requested:
        return None
    if run.task.tries > retry.times or not is_retried(retry, error):
        return None
    return retry.delay(run.task.tries)


def _write_with_retries(write: Callable[[], T]) -> T:
    """Write although the database may be away for a while, for as long as the row is kept alive.

    After that, recovery finds the row stale and ends it.
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
            time.sleep(RECONNECT_INTERVAL_SECONDS)  # a database tells nobody that it is back


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
