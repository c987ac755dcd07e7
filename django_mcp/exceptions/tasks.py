"""Exceptions of tasks that ended without a result of their tool."""

from django_mcp.exceptions.base import CallError


class TaskError(CallError):
    """A background tool ended without a result of its own; `retryable` says if nothing was done."""

    message = "The task failed."


class TaskNotStartedError(TaskError):
    """The task could not be enqueued, or no worker took it in time. It did not and will not run."""

    message = "No worker could take this call, so it was not run."
    retryable = True


class TaskLostError(TaskError):
    """The worker of the task died, so its outcome is unknown. It is not run again."""

    outcome = "unknown"
    message = "The worker of this tool died: outcome unknown. It may have taken effect."


class TaskCancelledError(TaskError):
    """The task was cancelled before it had ended."""

    outcome = "cancelled"
    message = "The call was cancelled."


class TaskUnansweredError(TaskError):
    """The user did not respond within `DJANGO_MCP_ANSWER_WITHIN` seconds."""

    outcome = "cancelled"
    message = "The user did not answer the tool's question in time, so it was given up."
    retryable = True
