"""Exceptions of calls that are refused before they run, or whose caller loses its access."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django_mcp.exceptions.base import CallError, sendable


class CallRejectedError(CallError):
    """The call was refused before its function ran."""

    message = "The call was refused."


class UnknownPrimitiveError(CallRejectedError):
    """There is no such primitive, or none that this caller may see: the two look the same."""

    shares_row = True


class UnknownToolError(UnknownPrimitiveError):
    """There is no such tool, or none that this caller may see: the two are not distinguished."""

    outcome = "unknown_tool"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"Unknown tool: {name[:64]}")


class UnknownPromptError(UnknownPrimitiveError):
    """There is no such prompt, or none that this caller may see: the two are not distinguished."""

    outcome = "not_found"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"Unknown prompt: {name[:64]}")


class ResourceNotFoundError(UnknownPrimitiveError):
    """There is no resource of this URI, or none that this caller may read."""

    outcome = "not_found"
    message = "Resource not found"

    def __init__(self, uri: str) -> None:
        self.uri = sendable(uri)
        super().__init__()


class MissingScopeError(CallRejectedError):
    """The caller sees what it calls but its token lacks scopes; `required` has all it needs."""

    outcome = "missing_scope"
    shares_row = True
    hint = "Ask for a token that holds them."

    def __init__(self, *, required: Collection[str], granted: Collection[str]) -> None:
        self.required = frozenset(required)
        self.granted = frozenset(granted)
        super().__init__("This call needs the scopes: " + " ".join(sorted(self.required)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One argument that breaks the input schema: where (`items[0].price`), and why."""

    path: str
    reason: str


class InvalidArgumentsError(CallRejectedError):
    """The arguments break the input schema; `violations` lists every breach, values never."""

    outcome = "invalid_arguments"
    message = "The arguments are invalid."

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        lines = [f"- {each.path or 'the arguments'}: {each.reason}" for each in violations]
        super().__init__(hint="\n".join(lines))

    def __str__(self) -> str:
        # Tracebacks show this alone; clients are sent the message and the hint apart.
        return f"{self.message}\n{self.hint}".strip()


class BusyError(CallRejectedError):
    """No thread became free in time; the same call may succeed after `retry_after` seconds."""

    outcome = "busy"
    message = "The server is busy."
    retryable = True
    retry_after: float | None = 1


class TooManyTasksError(BusyError):
    """The caller has `limit` tasks that have not ended, as many as it may have at once."""

    hint = "Wait until one of them has ended, or cancel one, and call again."
    retry_after = None

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"You have {limit} calls in the background that have not ended, "
            "and may have no more at once."
        )


class TooManyCallsError(BusyError):
    """As many calls run as may at once: `limit`, of the `holder`.

    That is `user`, `client` or `address`, or the kind of what is called, for all of its callers.
    """

    hint = "Wait until one of them has ended, and call again."
    shares_row = True

    def __init__(self, limit: int, *, holder: str) -> None:
        self.limit = limit
        self.holder = holder
        calls = "1 call" if limit == 1 else f"{limit} calls"
        running = {
            "user": f"You have {calls} running",
            "client": f"Your client has {calls} running, those of all its users together",
            "address": f"Your address has {calls} running",
        }.get(holder, f"This {holder} has {calls} running, those of all callers together")
        super().__init__(f"{running}, and may have no more at once.")


class TaskRequiredError(CallRejectedError):
    """The tool runs only as a task, and this client takes none (`require_task`)."""

    outcome = "task_required"
    message = "This tool needs a client with the tasks extension."


class RecordUnavailableError(CallRejectedError):
    """The call could not be put on record, so a tool that writes was not run."""

    message = "The call could not be put on record, so it was not run."
    retryable = True
    is_recorded = False


class RevokedError(CallRejectedError):
    """The permission for the call was withdrawn before a worker ran the tool."""

    outcome = "revoked"
    message = "The permission for this call was withdrawn before it ran."


class AccessEndedError(CallError):
    """The caller's access was withdrawn or expired while its request was open.

    A call that waited for its background task ends so: the task may run on, and have taken effect.
    """

    outcome = "revoked"
    message = (
        "The permission for this call was withdrawn or has expired while it ran, "
        "so its result is not delivered."
    )
    hint = "The call may have taken effect. Authenticate again."
