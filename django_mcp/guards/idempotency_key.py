"""Guard of idempotency keys: a call that writes is run once, and its repeats get its answer."""

from typing import NoReturn

from django.db import router

from django_mcp import models
from django_mcp.calls.call import Call
from django_mcp.calls.guard import AnsweredByTask, Guard, WaitFor
from django_mcp.calls.idempotency_keys import argument_digests, may_have_key, scope_of, sent_key
from django_mcp.calls.key_upkeep import leases, prune_when_due
from django_mcp.calls.results import (
    deserialize_error,
    deserialize_result,
    serialize_error,
    serialize_result,
)
from django_mcp.conf import settings
from django_mcp.exceptions import (
    CallError,
    CallRejectedError,
    IdempotencyConflictError,
    InputRequiredError,
    OutcomeUnknownError,
    TaskLostError,
    ToolError,
    ToolFailedError,
)
from django_mcp.meta_keys import REPEATED_META_KEY
from django_mcp.models import CallRecord, ToolTask
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.notifications import publish

REPEATED = CallRecord.Outcome.REPEATED.value
State = models.IdempotencyKey.State


class KeyLostError(Exception):
    """The key of a call has expired while it ran, and may be another call's: its work is undone."""


class IdempotencyKey(Guard):
    """Guard that claims the key of a call before it is run, or repeats the answer of an earlier.

    The claim is committed at once, for others to see, and lives by a lease. The answer is stored in
    the transaction of the tool, where that is of the same database: both count, or neither does.
    """

    repeats_in_worker = True

    def may_block(self, call: Call) -> bool:
        """See `Guard`."""
        return type(self) in call.state or may_have_key(call)

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `IdempotencyConflictError` and `OutcomeUnknownError`."""
        if call.is_repeated:
            call.idempotency_key = call.state.get(type(self), {}).get("key", "")
            return None
        key = call.idempotency_key = sent_key(call)
        if not key:
            return None
        scope, digests = scope_of(call, key), argument_digests(call)
        earlier = models.IdempotencyKey.objects.claim(call.id, scope=scope, arguments=digests[0])
        if earlier is not None:
            if earlier.arguments not in digests:
                raise IdempotencyConflictError
            return _repeated(call, earlier, scope)
        call.state[type(self)] = {"key": key, "scope": scope}
        # No later guard waits: that would end the lease before its time.
        call.exit_stack.enter_context(leases.during(call.id))
        prune_when_due()
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        """See `Guard`. Raises `KeyLostError` where the work of the call can be undone."""
        if type(self) in call.state:
            answer = {"result": serialize_result(result), "error": ""}
            if _is_certain(call):
                answer["state"] = State.ANSWERED
            is_kept = models.IdempotencyKey.objects.filter(pk=call.id).keep(**answer)
            if not is_kept and call.tool.atomic is not None:
                raise KeyLostError
        return result

    def ended(self, call: Call, error: BaseException | None) -> None:
        """See `Guard`."""
        claim = call.state.get(type(self))
        if claim is None:
            return
        keys = models.IdempotencyKey.objects
        # What has an answer keeps it: a commit may count although its confirmation was lost.
        running = keys.running(call.id)
        if error is None:
            if not _is_certain(call):
                running.keep(state=State.ANSWERED)
        elif _is_free_after(call, error):
            running.delete()
        elif isinstance(error, ToolError):
            answer = serialize_error(error)
            keys.filter(pk=call.id).keep(state=State.ANSWERED, error=answer, result="")
        else:
            running.keep(state=State.UNKNOWN, result="")
        publish(_waited_for(claim["scope"]))


def _repeated(call: Call, earlier: models.IdempotencyKey, scope: str) -> Rendered:
    """Return the answer of an earlier call; raise its error, or what else there is to do."""
    if earlier.state == State.UNKNOWN:
        raise OutcomeUnknownError
    if earlier.state == State.RUNNING:
        _wait_for(call, earlier, scope)
    call.outcome = REPEATED
    if earlier.error:
        error = deserialize_error(earlier.error, earlier.pk)
        error.is_repeated = True
        raise error
    return deserialize_result(earlier.result).with_meta(REPEATED_META_KEY, True)


def _wait_for(call: Call, earlier: models.IdempotencyKey, scope: str) -> NoReturn:
    task = None
    if call.tool.background is not None:
        task = ToolTask.objects.filter(call_id=earlier.pk).first()
        if task is not None and not task.has_ended and call.invocation.takes_task:
            call.outcome = REPEATED
            raise AnsweredByTask(task)
    # A task lives on without a lease; when it has died, recovery ends it.
    # On SQLite the transaction of a tool keeps all else from writing, the renewal too.
    if task is None and not (earlier.is_alive or leases.holds(earlier.pk)):
        raise OutcomeUnknownError
    raise WaitFor(_waited_for(scope), timeout=settings.IDEMPOTENCY_WAIT)


def _waited_for(scope: str) -> tuple[str, str]:
    return ("idempotency key", scope)


def _shares_transaction(call: Call) -> bool:
    return call.tool.atomic == router.db_for_write(models.IdempotencyKey)


def _is_certain(call: Call) -> bool:
    """Return whether what `after` stores counts exactly if the work of the tool does."""
    return call.tool.atomic is None or _shares_transaction(call)


def _is_free_after(call: Call, error: BaseException) -> bool:
    """Return whether a call that ended by this error may be run again under its key."""
    if not call.was_run or isinstance(error, CallRejectedError | InputRequiredError):
        return True
    if isinstance(error, CallError) and error.retryable:
        return True  # the client was told so
    if isinstance(error, TaskLostError):
        return False
    # A function that still runs, or seems to, can no longer commit where the key is gone.
    is_undone = _shares_transaction(call) or (
        call.tool.atomic is not None and isinstance(error, ToolError | ToolFailedError)
    )
    is_harmless = is_undone or bool(call.tool.idempotent)
    if isinstance(error, ToolError):  # an answer, unless it is one to arguments that do not count
        return is_harmless and error.outcome == CallRecord.Outcome.INVALID_ARGUMENTS
    return is_harmless
