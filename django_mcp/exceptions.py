"""Exceptions of the package: facts are attributes, and `protocol.errors` renders them."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import UUID

from django.utils.functional import Promise

ToolOutcome = Literal[
    "tool_error", "invalid_arguments", "not_found", "permission_denied", "conflict", "rate_limited"
]
"""The outcomes that a tool error may have."""

OUTCOME = re.compile(r"[a-z][a-z_]{0,19}")
"""Names that an outcome may have: those that the column of the record holds."""


class DjangoMCPError(Exception):
    """The root of every exception that this package raises."""


class ToolRegistrationError(DjangoMCPError):
    """Some declared tools cannot be served; `problems` names each with its function."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("Some tools cannot be served:\n" + "\n".join(f"- {p}" for p in problems))


class InvalidCredentialsError(DjangoMCPError):
    """The request carries credentials, and they are not good for this endpoint."""


class CallError(DjangoMCPError):
    """The root of those that end a call and tell its caller why; each kind is a subclass.

    The facts of a kind are attributes of its class: `outcome`, `message`, `hint`, `retryable`,
    `retry_after` and `is_recorded`. The answer, the record, the rows of tasks and the admin read
    them, and know no class.

    Args:
        message: What went wrong; the class's own by default.
        retryable: Whether the same call may succeed later.
        hint: What to do or change, in words an agent can act on.
        retry_after: Seconds to wait before trying again; what is no such time is left out.
    """

    outcome: str = "failed"
    message: str | Promise = "The call failed."
    hint: str | Promise = ""
    retryable: bool = False
    retry_after: float | None = None
    is_recorded: bool = True
    """Whether the call gets a row, unless it has one. Its log line and signal it has anyway."""
    advice: str = ""
    """What the author of the tool can do about it: for the log, which makes it a warning."""
    result: Any = None
    """What the tool returned, rendered, where that reaches the caller all the same."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not OUTCOME.fullmatch(cls.outcome):
            raise TypeError(
                f"{cls.__name__}.outcome must be at most 20 lower-case letters and underscores, "
                f"not {cls.outcome!r}"
            )

    def __init__(
        self,
        message: str | Promise | None = None,
        *,
        retryable: bool | None = None,
        hint: str | Promise | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = _sendable(self.message if message is None else message)
        self.hint = _sendable(self.hint if hint is None else hint)
        if retryable is not None:
            self.retryable = retryable
        if retry_after is not None:
            is_time = math.isfinite(retry_after) and retry_after >= 0
            self.retry_after = retry_after if is_time else None
        super().__init__(self.message)


def declared_outcomes() -> list[str]:
    """Return the outcomes that exceptions have, those of the project's own included."""
    found: dict[str, None] = {}
    classes: list[type[CallError]] = [CallError]
    for cls in classes:
        found[cls.outcome] = None
        classes += cls.__subclasses__()
    return list(found)


class CallRejectedError(CallError):
    """The call was refused before the tool ran."""

    message = "The call was refused."


class UnknownToolError(CallRejectedError):
    """There is no such tool, or none that this caller may see: the two are never told apart."""

    outcome = "unknown_tool"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"Unknown tool: {name[:64]}")


class MissingScopeError(CallRejectedError):
    """The caller sees the tool but its token lacks scopes; `required` has all that it needs."""

    outcome = "missing_scope"
    hint = "Ask for a token that holds them."

    def __init__(self, *, required: Collection[str], granted: Collection[str]) -> None:
        self.required = frozenset(required)
        self.granted = frozenset(granted)
        super().__init__("This tool needs the scopes: " + " ".join(sorted(self.required)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One argument that breaks the tool's input schema: where (`items[0].price`), and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElicitationRequest:
    """Request for a user's input: a message, and the form to fill in, as a JSON Schema."""

    message: str
    form: Mapping[str, Any]


class InvalidArgumentsError(CallRejectedError):
    """The arguments break the input schema; `violations` lists every breach, values never."""

    outcome = "invalid_arguments"
    message = "The arguments are invalid."

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        lines = [f"- {each.path or 'the arguments'}: {each.reason}" for each in violations]
        super().__init__(hint="\n".join(lines))


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
    """What the caller was allowed when it called was withdrawn before a worker ran the tool."""

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
    hint = "The tool may have taken effect. Authenticate again."


class InputRequiredError(CallRejectedError):
    """The tool needs input of the user first: the client calls again with the responses.

    `input_requests` are those without a response, by their keys; `input_responses` holds those to
    earlier ones.
    """

    outcome = "input_required"
    message = "The tool has questions for the user."

    def __init__(
        self,
        *,
        input_requests: Mapping[str, ElicitationRequest],
        input_responses: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.input_requests = dict(input_requests)
        self.input_responses = dict(input_responses)
        super().__init__()


class RequestStateUsedError(CallRejectedError):
    """The call brings a `requestState` that another call has brought before."""

    outcome = "invalid_arguments"
    message = "This requestState has been used. Call again without it."


class InvalidInputResponsesError(DjangoMCPError):
    """The responses to a task's input requests are malformed, or too large to be stored."""


class TaskError(CallError):
    """A background tool ended without a result of its own; `retryable` says if nothing was done."""

    message = "The task failed."


class TaskNotStartedError(TaskError):
    """It could not be handed to a worker, or none took it in time. It did not and will not run."""

    message = "No worker could take this call, so it was not run."
    retryable = True


class TaskTimedOutError(TaskError):
    """It ran longer than its `timeout`. What it returned later, if anything, was discarded."""

    message = "The tool took too long and was given up: timed out."


class TaskLostError(TaskError):
    """Its worker died, so nobody knows how far it came. It is not run again."""

    outcome = "unknown"
    message = "The worker of this tool died: outcome unknown. It may have taken effect."


class TaskCancelledError(TaskError):
    """It was cancelled before it had ended."""

    outcome = "cancelled"
    message = "The call was cancelled."


class TaskUnansweredError(TaskError):
    """Nobody answered its question within `DJANGO_MCP_ANSWER_WITHIN` seconds."""

    outcome = "cancelled"
    message = "Nobody answered the tool's question in time, so it was given up."
    retryable = True


class ToolFailedError(CallError):
    """The tool ended in a way that is our side's fault; the log tells more under `call_id`."""

    def __init__(self, call_id: UUID) -> None:
        self.call_id = call_id
        super().__init__(f"The tool failed. The operators can find the cause under {call_id}.")


class InvalidResultError(DjangoMCPError):
    """The tool returned something that its declared output does not allow."""


class ToolError(CallError):
    """Raised by tools to tell the agent what went wrong and what to do about it.

    Args:
        message: What went wrong, for the agent and the person behind it.
        retryable: Whether the same call may succeed later.
        hint: What to do or change, in words an agent can act on.
        retry_after: Seconds to wait before trying again; what is no such time is left out.
        outcome: How the call is recorded, and the `kind` that the client is told: `tool_error`,
            `invalid_arguments`, `not_found`, `permission_denied`, `conflict` or `rate_limited`;
            anything else counts as `tool_error`.

    The call's transaction is rolled back, and the client receives a result with `isError`.
    """

    outcome = "tool_error"
    message: str
    hint: str = ""

    def __init__(
        self,
        message: str | Promise,
        *,
        retryable: bool | None = None,
        hint: str | Promise | None = None,
        retry_after: float | None = None,
        outcome: ToolOutcome | None = None,
    ) -> None:
        if outcome is not None and outcome in get_args(ToolOutcome):
            self.outcome = outcome
        super().__init__(message, retryable=retryable, hint=hint, retry_after=retry_after)


class ArgumentError(DjangoMCPError, ValueError):
    """Raised by a validator of a parameter to tell the agent what is wrong with the argument.

    Args:
        message: What it must be, such as "must be a working day".

    Of any other `ValueError` the agent learns only which argument is refused: its words may hold
    values that are not the caller's.
    """

    def __init__(self, message: str | Promise) -> None:
        self.message = _sendable(message)
        super().__init__(self.message)


class FollowUpFailedError(ToolError):
    """The tool's work is saved, and then a hook of `transaction.on_commit` failed.

    `result` is the tool's own, rendered; None when there is none, or it is too large to be kept.
    """

    outcome = "follow_up_failed"
    message = "What this call did was saved, but a step that was to follow it failed."
    hint = "Do not repeat the call: that would do it once more."

    def __init__(self, result: Any = None) -> None:
        self.result = result
        super().__init__(self.message)


class ResultTooLargeError(ToolError):
    """The result is larger than a setting allows: no part of it was sent."""

    outcome = "too_large"

    def __init__(self, message: str | Promise, *, advice: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.advice = advice


class ElicitationDeclinedError(ToolError):
    """The user was asked and said no (`decline`). Left alone, it ends the call and says so."""

    def __init__(self, question: str) -> None:
        super().__init__(f"The user declined to answer: {question}")


class ElicitationCancelledError(ToolError):
    """The user was asked and chose nothing (`cancel`). Left alone, it ends the call and says so."""

    def __init__(self, question: str) -> None:
        super().__init__(f"The user dismissed the question: {question}")


class UnaskableError(ToolError):
    """The tool has a question, and this client has not said that it can put one to its user.

    While a background tool runs, only clients with the tasks extension can be asked: `needs_task`.
    """

    message = "This tool has to ask the user something, and this client cannot be asked."
    needs_task: bool = True

    def __init__(self, *, needs_task: bool = True) -> None:
        self.needs_task = needs_task
        extension = " and the tasks extension (io.modelcontextprotocol/tasks)" * needs_task
        super().__init__(
            self.message,
            hint=f"Use a client of MCP 2026-07-28 that declares elicitation{extension}.",
        )


def _sendable(words: str | Promise) -> str:
    """The words, which Django's translations may be lazy about, as UTF-8 can hold them."""
    return str(words).encode("utf-8", "replace").decode("utf-8")
