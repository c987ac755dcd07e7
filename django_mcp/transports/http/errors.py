"""HTTP errors that the endpoint answers before, or instead of, the protocol."""

from collections.abc import Mapping
from typing import Any

from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS
from starlette.responses import JSONResponse, Response

from django_mcp.auth.authenticators import Challenge, challenges
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import TooManyRequestsError
from django_mcp.transports.http.message import RejectedMessageError


def refusal(
    status: int,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
    id: str | int | None = None,
) -> Response:
    """Return a refusal as a JSON-RPC error, whose message is all that clients show to the agent.

    The HTTP status is the error's code, outside the range that JSON-RPC and MCP keep. `id` is that
    of the request, and null where its body was not parsed (JSON-RPC 2.0, section 5).
    """
    error = {"code": status, "message": message, **({"data": data} if data else {})}
    body = {"jsonrpc": "2.0", "id": id, "error": error}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def rejection(rejected: RejectedMessageError) -> Response:
    """Return the JSON-RPC error for a message, under its id, with the status that MCP wants."""
    error = rejected.error.error.model_dump(exclude_none=True)
    body = {"jsonrpc": "2.0", "id": rejected.id, "error": error}
    return JSONResponse(body, status_code=ERROR_CODE_HTTP_STATUS.get(error["code"], 200))


def challenge_answer(
    challenge: Challenge, endpoint: Endpoint, *, id: str | int | None = None
) -> Response:
    """Return 401 or 403 with a challenge of every authenticator (RFC 6750, section 3).

    403 repeats the `id` of the request. 401 never does: it is the same whether the body was read
    before it or not.
    """
    scopes = sorted(challenge.scopes)
    data = {"error": challenge.error, "scopes": scopes} if challenge.error else None
    if challenge.error == "insufficient_scope":
        message = f"The token lacks scopes; needed are: {' '.join(scopes)}"
        answer = refusal(403, message, data=data, id=id)
    else:
        answer = refusal(401, "A valid access token for this endpoint is needed.", data=data)
    for value in challenges(challenge, endpoint):
        answer.headers.append("WWW-Authenticate", value)
    return answer


def too_many_requests(error: TooManyRequestsError) -> Response:
    """Return 429: the caller, or bad credentials from its address, have reached a limit."""
    return refusal(429, str(error), headers={"Retry-After": str(error.retry_after)})


def unavailable(*, id: str | int | None = None) -> Response:
    """Return 503: the database that authenticates callers cannot be reached."""
    return refusal(503, "The service is not available now.", headers={"Retry-After": "5"}, id=id)
