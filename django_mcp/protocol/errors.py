"""Rendering of exceptions for the wire: the only place that knows the codes of JSON-RPC.

What an agent can mend is answered in the call's result (`isError`), as MCP asks; the rest is a
JSON-RPC error.
"""

import logging
from collections.abc import Callable, Mapping
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
    CallError,
    InvalidInputResponsesError,
    RequestStateUsedError,
    TaskRequiredError,
    ToolFailedError,
    UnaskableError,
    UnknownToolError,
)
from django_mcp.protocol.capabilities import TASKS
from django_mcp.protocol.wire import CALL_ID_META_KEY, content_blocks

logger = logging.getLogger(__name__)

ERROR_META_KEY = "django-mcp/error"
"""In the `_meta` of a failed call's result: `{kind, error, retryable, hint, retry_after}`.

`kind` is the outcome in the record of the call. JSON-RPC errors have it in their `data`.

Not in `structuredContent`: clients validate that against the tool's output schema even when it is
an error, and would then hide the message.
"""


def failed_call(error: Exception, call_id: UUID) -> CallToolResult:
    """The result that tells of a call's failure; raises `MCPError` where MCP wants one."""
    if not isinstance(error, CallError):
        raise _explained(internal_error(error, call_id), ToolFailedError(call_id)) from None
    for cls in type(error).__mro__:
        if cls in PROTOCOL_ERRORS:
            raise _explained(PROTOCOL_ERRORS[cls](error), error) from error
    content: list[ContentBlock] = [TextContent(text=_text(error))]
    if error.result is not None:
        content += content_blocks(error.result)
    return CallToolResult(
        content=content,
        is_error=True,
        _meta={CALL_ID_META_KEY: str(call_id), ERROR_META_KEY: _facts(error)},
    )


def failed_task(error: CallError) -> dict[str, Any]:
    """The JSON-RPC error of a task that came to no result, as `{code, message, data}`."""
    made = _explained(MCPError(code=INTERNAL_ERROR, message=_text(error)), error)
    return made.error.model_dump()


def _explained(made: MCPError, error: CallError) -> MCPError:
    """The JSON-RPC error with the facts of what it is about in its `data`."""
    data = {**(made.data or {}), ERROR_META_KEY: _facts(error)}
    return MCPError(code=made.code, message=made.message, data=data)


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
    made = MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message=f"{error.message} {error.hint}",
        data={"requiredCapabilities": required},
    )
    return _explained(made, error)


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


PROTOCOL_ERRORS: Mapping[type, Callable[[Any], MCPError]] = {
    # As the SDK answers one that is not good for any other reason.
    RequestStateUsedError: lambda error: MCPError(
        code=INVALID_PARAMS, message=str(error), data={"reason": "invalid_request_state"}
    ),
    TaskRequiredError: lambda error: missing_extension(TASKS, str(error)),
    UnknownToolError: lambda error: invalid_params(str(error)),
}
"""What a call is answered with in place of a result, by the exception that ends it.

Every other one is told in a result (`isError`), where an agent reads it and can mend the call.
"""


def _facts(error: CallError) -> dict[str, Any]:
    return {
        "kind": error.outcome,
        "error": str(error),
        "retryable": error.retryable,
        "hint": str(error.hint),
        "retry_after": error.retry_after,
    }


def _text(error: CallError) -> str:
    """All facts in words."""
    parts = [str(error), str(error.hint)]
    if error.retry_after is not None:
        parts.append(f"Wait {error.retry_after:g} seconds before you try again.")
    elif error.retryable:
        parts.append("You may try again.")
    return "\n".join(part for part in parts if part)
