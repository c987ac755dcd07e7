"""Exceptions of elicitation, and the request that is put to the user."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_mcp.exceptions.base import DjangoMCPError
from django_mcp.exceptions.rejections import CallRejectedError
from django_mcp.exceptions.tools import ToolError


@dataclass(frozen=True, slots=True, kw_only=True)
class ElicitationRequest:
    """Request for a user's input: a message, and the form to fill in, as a JSON Schema."""

    message: str
    form: Mapping[str, Any]


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


class ElicitationDeclinedError(ToolError):
    """The user declined the request (`decline`). Uncaught, it ends the call with this message."""

    def __init__(self, question: str) -> None:
        super().__init__(f"The user declined to answer: {question}")


class ElicitationCancelledError(ToolError):
    """The user dismissed the request (`cancel`). Uncaught, it ends the call with this message."""

    def __init__(self, question: str) -> None:
        super().__init__(f"The user dismissed the question: {question}")


class UnaskableError(ToolError):
    """The tool needs input of its user, and the client has not declared elicitation.

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
