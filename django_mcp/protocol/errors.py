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
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    PARSE_ERROR,
    CallToolResult,
    ContentBlock,
    TextContent,
)

from django_mcp.exceptions import (
    CallError,
    EndpointRateLimitedError,
    InvalidArgumentsError,
    InvalidInputResponsesError,
    RequestStateUsedError,
    ResourceNotFoundError,
    TaskRequiredError,
    ToolFailedError,
    UnaskableError,
    UnknownPrimitiveError,
    UnknownToolError,
)
from django_mcp.meta_keys import CALL_ID_META_KEY, ERROR_META_KEY, REPEATED_META_KEY
from django_mcp.protocol.capabilities import TASKS
from django_mcp.protocol.content_blocks import content_blocks
from django_mcp.resources.resource import NOT_FOUND_OUTCOMES

logger = logging.getLogger(__name__)

TOO_MANY_REQUESTS = 429
"""Code of a call that is refused for the whole endpoint, as of any refusal of HTTP."""

RESOURCE_NOT_FOUND = -32002
"""Code of the 2025 revisions for a resource that is not found; 2026-07-28 forbids it."""


def failed_call(error: Exception, call_id: UUID) -> CallToolResult:
    """Return the result of a call that failed; raises `MCPError` where MCP wants one."""
    if not isinstance(error, CallError):
        raise _with_facts(internal_error(error, call_id), ToolFailedError(call_id)) from None
    for cls in type(error).__mro__:
        if cls in PROTOCOL_ERRORS:
            raise _with_facts(PROTOCOL_ERRORS[cls](error), error) from error
    content: list[ContentBlock] = [TextContent(text=_text(error))]
    if error.result is not None:
        content += content_blocks(error.result)
    meta: dict[str, Any] = {CALL_ID_META_KEY: str(call_id), ERROR_META_KEY: _facts(error)}
    if error.is_repeated:
        meta[REPEATED_META_KEY] = True
    return CallToolResult(content=content, is_error=True, _meta=meta)


def failed_get(error: Exception, call_id: UUID) -> MCPError:
    """Return the JSON-RPC error of a read or get that failed: its result has no place for one."""
    if not isinstance(error, CallError):
        return _with_facts(internal_error(error, call_id), ToolFailedError(call_id))
    if isinstance(error, EndpointRateLimitedError):
        return _with_facts(PROTOCOL_ERRORS[EndpointRateLimitedError](error), error)
    is_mendable = isinstance(error, UnknownPrimitiveError | InvalidArgumentsError)
    code = INVALID_PARAMS if is_mendable else INTERNAL_ERROR
    return _with_facts(MCPError(code=code, message=_text(error)), error)


def failed_read(error: Exception, call_id: UUID, uri: str, *, is_modern: bool) -> MCPError:
    """Return the JSON-RPC error of a read that failed.

    A resource that is missing, hidden, or refused by its own function, is answered the same: with
    the URI in its `data`, and the code that the revision of the client has for it.
    """
    if isinstance(error, CallError) and error.outcome in NOT_FOUND_OUTCOMES:
        missing = ResourceNotFoundError(uri)
        code = INVALID_PARAMS if is_modern else RESOURCE_NOT_FOUND
        data = {"uri": missing.uri}
        return _with_facts(MCPError(code=code, message=str(missing), data=data), missing)
    return failed_get(error, call_id)


def failed_list(error: Exception, reference: UUID) -> MCPError:
    """Return the JSON-RPC error of a list that cannot be made, as `failed_get` does."""
    if isinstance(error, ToolFailedError):
        return internal_error(error.__cause__ or error, reference)
    return failed_get(error, reference)


def failed_task(error: CallError) -> dict[str, Any]:
    """Return the JSON-RPC error of a task without a result, as `{code, message, data}`."""
    rendered = _with_facts(MCPError(code=INTERNAL_ERROR, message=_text(error)), error)
    return rendered.error.model_dump()


def _with_facts(rendered: MCPError, error: CallError) -> MCPError:
    """Return the JSON-RPC error with the attributes of `error` in its `data`."""
    data = {**(rendered.data or {}), ERROR_META_KEY: _facts(error)}
    return MCPError(code=rendered.code, message=rendered.message, data=data)


def internal_error(error: BaseException, reference: UUID | None = None) -> MCPError:
    """Log a fault of the server; the client receives only a reference to the log."""
    reference = reference or uuid4()
    logger.error("A message could not be served; reference %s", reference, exc_info=error)
    return MCPError(code=INTERNAL_ERROR, message=f"Internal error; reference {reference}")


def parse_error() -> MCPError:
    """Return the error for a body that is no JSON."""
    return MCPError(code=PARSE_ERROR, message="Parse error: the body must be JSON in UTF-8")


def invalid_request() -> MCPError:
    """Return the error for JSON that is no request."""
    return MCPError(code=INVALID_REQUEST, message="The message is no request of JSON-RPC 2.0")


def too_deep(limit: int) -> MCPError:
    """Return the error for a message that is nested deeper than any request needs."""
    message = f"The message is nested deeper than {limit} levels"
    return MCPError(code=INVALID_REQUEST, message=message)


def invalid_params(message: str) -> MCPError:
    """Return the error for params that no request may have."""
    return MCPError(code=INVALID_PARAMS, message=message)


def invalid_cursor() -> MCPError:
    """Return the error for a cursor that this server did not issue."""
    return MCPError(code=INVALID_PARAMS, message="Invalid cursor")


def missing_extension(
    name: str, message: str = "This needs a client that declares the extension."
) -> MCPError:
    """Return the error for a request that does not declare an extension which it needs."""
    return MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message=message,
        data={"requiredCapabilities": {"extensions": {name: {}}}},
    )


def missing_elicitation(error: UnaskableError) -> MCPError:
    """Return the error for a call whose tool needs elicitation, which the client lacks."""
    required: dict[str, Any] = {"elicitation": {"form": {}}}
    if error.needs_task:
        required["extensions"] = {TASKS: {}}
    rendered = MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message=f"{error.message} {error.hint}",
        data={"requiredCapabilities": required},
    )
    return _with_facts(rendered, error)


def invalid_input_responses(error: InvalidInputResponsesError) -> MCPError:
    """Return the error for input responses that are malformed."""
    return MCPError(code=INVALID_PARAMS, message=str(error))


def header_mismatch(header: str, parameter: str) -> MCPError:
    """Return the error for a header that does not repeat a parameter of the body."""
    message = f"{header} header does not match the request body's {parameter!r} parameter"
    return MCPError(code=HEADER_MISMATCH, message=message)


def repeated_header(header: str) -> MCPError:
    """Return the error for a header that may appear only once."""
    return MCPError(code=HEADER_MISMATCH, message=f"{header} header appears more than once")


def method_not_found(method: str) -> MCPError:
    """Return the error for a method that this revision of the protocol does not have."""
    return MCPError(code=METHOD_NOT_FOUND, message="Method not found", data=method)


def no_streams() -> MCPError:
    """Return the error for `subscriptions/listen` where the server sends no streams."""
    return MCPError(
        code=METHOD_NOT_FOUND,
        message="This server sends no streams, so it has no subscriptions/listen; tasks/get tells "
        "of a task. Its operator can set DJANGO_MCP_WSGI_STREAMS = True, for which each stream "
        "holds a worker, or run an ASGI server with django_mcp.asgi.mount().",
        data="subscriptions/listen",
    )


def unknown_task() -> MCPError:
    """Return the error for the id of no task, or of another caller's: the two are the same."""
    return MCPError(code=INVALID_PARAMS, message="Unknown task")


PROTOCOL_ERRORS: Mapping[type, Callable[[Any], MCPError]] = {
    # Whoever calls: HTTP has the same status, unless a stream has begun.
    EndpointRateLimitedError: lambda error: MCPError(code=TOO_MANY_REQUESTS, message=_text(error)),
    # As the SDK answers one that is not good for any other reason.
    RequestStateUsedError: lambda error: MCPError(
        code=INVALID_PARAMS, message=str(error), data={"reason": "invalid_request_state"}
    ),
    TaskRequiredError: lambda error: missing_extension(TASKS, str(error)),
    UnknownToolError: lambda error: invalid_params(str(error)),
}
"""JSON-RPC errors that answer a call in place of a result, by the exception that ends it.

Any other exception becomes a result (`isError`), where an agent reads it and can mend the call.
"""


def _facts(error: CallError) -> dict[str, Any]:
    return {
        "kind": error.outcome,
        "error": str(error.message),
        "retryable": error.retryable,
        "hint": str(error.hint),
        "retry_after": error.retry_after,
    }


def _text(error: CallError) -> str:
    """Return all attributes of an error as text."""
    parts = [str(error.message), str(error.hint)]
    if error.retry_after is not None:
        seconds = "second" if error.retry_after == 1 else "seconds"
        parts.append(f"Wait {error.retry_after:g} {seconds} before you try again.")
    elif error.retryable:
        parts.append("You may try again.")
    return "\n".join(part for part in parts if part)
