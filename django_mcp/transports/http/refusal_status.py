"""HTTP status of a call that its handler has refused for the whole endpoint."""

import math

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from django_mcp.protocol.exchange import Exchange


def with_refusal_status(exchange: Exchange, send: Send) -> Send:
    """Return `send` with 429 and `Retry-After` for an answer in one piece that is such a refusal.

    A stream has begun with 200, and tells of it by the JSON-RPC error alone.
    """

    async def send_with_status(message: Message) -> None:
        if exchange.refusals and message["type"] == "http.response.start":
            message = {**message, "headers": list(message.get("headers", ()))}
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("application/json"):
                message["status"] = 429
                headers["Retry-After"] = str(math.ceil(exchange.refusals[0].retry_after or 1))
        await send(message)

    return send_with_status
