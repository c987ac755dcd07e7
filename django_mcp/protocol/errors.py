"""How exceptions look on the wire: the only place that knows.

What an agent can mend is answered in the call's result (`isError`), as MCP asks; the rest is a
JSON-RPC error.
"""

import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from mcp import MCPError
from mcp_types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    PARSE_ERROR,
    CallToolResult,
    ContentBlock,
    TextContent,
)

from django_mcp.exceptions import (
    AccessEndedError,
    BusyError,
    DjangoMCPError,
    FollowUpFailedError,
    InvalidArgumentsError,
    InvalidInputResponsesError,
    MissingScopeError,
    RecordUnavailableError,
    RequestStateUsedError,
    RevokedError,
    TaskError,
    TaskRequiredError,
    ToolError,
    ToolFailedError,
    UnaskableError,
    UnknownToolError,
)
from django_mcp.protocol.capabilities import TASKS
from django_mcp.protocol.wire import CALL_ID_META_KEY, content_blocks

logger = logging.getLogger(__name__)

ERROR_META_KEY = "django-mcp/error"
"""In the `_meta` of a failed call's result: `{kind, error, retryable, hint, retry_after}`.

`kind` is the outcome in the record of the call.

Not in `structuredContent`: clients validate that against the tool's output schema even when it is
an error, and would then hide the message.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What an agent is told about a call that did not succeed. `retry_after` is in seconds."""

    error: str
    retryable: bool = False
    hint: str = ""
    retry_after: float | None = None

    @property
    def text(self) -> str:
        """Everything in words."""
        parts = [self.error, self.hint]
        if self.retry_after is not None:
            parts.append(f"Wait {self.retry_after:g} seconds before you try again.")
        elif self.retryable:
            parts.append("You may try again.")
        return "\n".join(part for part in parts if part)


def failed_call(error: Exception, call_id: UUID) -> CallToolResult:
    """The result that tells of a call's failure; raises `MCPError` where MCP wants one."""
    explanation = _explain(error)
    if explanation is None:
        if isinstance(error, UnknownToolError):
            raise MCPError(code=INVALID_PARAMS, message=str(error)) from error
        if isinstance(error, RequestStateUsedError):
            # As the SDK answers one that is not good for any other reason.
            data = {"reason": "invalid_request_state"}
            raise MCPError(code=INVALID_PARAMS, message=str(error), data=data) from error
        if isinstance(error, TaskRequiredError):
            raise missing_extension(TASKS, str(error)) from error
        raise internal_error(error, call_id) from None
    assert isinstance(error, DjangoMCPError)  # nothing else is explained
    content: list[ContentBlock] = [TextContent(text=explanation.text)]
    if isinstance(error, FollowUpFailedError) and error.result is not None:
        content += content_blocks(error.result)
    return CallToolResult(
        content=content,
        is_error=True,
        _meta={
            CALL_ID_META_KEY: str(call_id),
            ERROR_META_KEY: {
                "kind": error.outcome,
                "error": explanation.error,
                "retryable": explanation.retryable,
                "hint": explanation.hint,
                "retry_after": explanation.retry_after,
            },
        },
    )


def failed_task(error: Exception) -> dict[str, Any]:
    """The JSON-RPC error of a task that came to no result, as `{code, message}`."""
    explanation = _explain(error)
    assert explanation is not None  # what a task ends with can be told
    return {"code": INTERNAL_ERROR, "message": explanation.text}


def internal_error(error: Exception, reference: UUID | None = None) -> MCPError:
    """Log an error of ours; what the client is told is only where the operators find it."""
    reference = reference or uuid4()
    logger.error("A message could not be served; reference %s", reference, exc_info=error)
    return MCPError(code=INTERNAL_ERROR, message=f"Internal error; reference {reference}")


def parse_error() -> MCPError:
    """The answer to a body that is no JSON."""
    return MCPError(code=PARSE_ERROR, message="Parse error: the body must be JSON in UTF-8")


def invalid_params(message: str) -> MCPError:
    """The answer to params that no request may have."""
    return MCPError(code=INVALID_PARAMS, message=message)


def invalid_cursor() -> MCPError:
    """The answer to a cursor that this server did not hand out."""
    return MCPError(code=INVALID_PARAMS, message="Invalid cursor")


def missing_extension(
    name: str, message: str = "This needs a client that declares the extension."
) -> MCPError:
    """The answer to a request that does not declare an extension which it needs."""
    return MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message=message,
        data={"requiredCapabilities": {"extensions": {name: {}}}},
    )


def missing_elicitation(error: UnaskableError) -> MCPError:
    """The answer to a call whose tool has a question that this client does not show to its user."""
    required: dict[str, Any] = {"elicitation": {"form": {}}}
    if error.needs_task:
        required["extensions"] = {TASKS: {}}
    return MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message=f"{error.message} {error.hint}",
        data={"requiredCapabilities": required},
    )


def invalid_input_responses(error: InvalidInputResponsesError) -> MCPError:
    """The answer to input responses that are malformed."""
    return MCPError(code=INVALID_PARAMS, message=str(error))


def header_mismatch(header: str, parameter: str) -> MCPError:
    """The answer to a header that does not repeat a parameter of the body."""
    message = f"{header} header does not match the request body's {parameter!r} parameter"
    return MCPError(code=HEADER_MISMATCH, message=message)


def repeated_header(header: str) -> MCPError:
    """The answer to a header that says twice what it may say once."""
    return MCPError(code=HEADER_MISMATCH, message=f"{header} header appears more than once")


def method_not_found(method: str) -> MCPError:
    """The answer to a method that this revision of the protocol does not have."""
    return MCPError(code=METHOD_NOT_FOUND, message="Method not found", data=method)


def no_streams() -> MCPError:
    """The answer to `subscriptions/listen` where the server sends each answer in one piece."""
    return MCPError(
        code=METHOD_NOT_FOUND,
        message="This server sends no streams, so it has no subscriptions/listen; tasks/get tells "
        "of a task. Its operator can set DJANGO_MCP_WSGI_STREAMS = True, for which each stream "
        "holds a worker, or run an ASGI server with django_mcp.asgi.mount().",
        data="subscriptions/listen",
    )


def unknown_task() -> MCPError:
    """The answer to the id of no task, or of another caller's: the two are never told apart."""
    return MCPError(code=INVALID_PARAMS, message="Unknown task")


def _explain(error: Exception) -> Explanation | None:
    match error:
        case ToolError():
            return Explanation(
                error=error.message,
                retryable=error.retryable,
                hint=error.hint,
                retry_after=error.retry_after,
            )
        case InvalidArgumentsError():
            return Explanation(error=str(error), hint=_violations(error))
        case MissingScopeError():
            return Explanation(error=str(error), hint="Ask for a token that holds them.")
        case BusyError():
            return Explanation(
                error=str(error), retryable=True, hint=error.hint, retry_after=error.retry_after
            )
        case RecordUnavailableError():
            return Explanation(
                error="The call could not be put on record, so it was not run.", retryable=True
            )
        case TaskError():
            return Explanation(error=str(error), retryable=error.retryable)
        case AccessEndedError():
            return Explanation(
                error=str(error), hint="The tool may have taken effect. Authenticate again."
            )
        case RevokedError() | ToolFailedError():
            return Explanation(error=str(error))
    return None


def _violations(error: InvalidArgumentsError) -> str:
    lines = [f"- {v.path or 'the arguments'}: {v.reason}" for v in error.violations]
    return "\n".join(lines)
