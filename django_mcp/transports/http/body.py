"""Body of a request: read once, bounded in size and time, parsed once, and replayed to the SDK."""

import asyncio
import json
import re
from contextlib import suppress
from functools import cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from django_mcp.conf import settings

ITEM_BYTES = (b"[", b"{", b",")
"""First bytes of an array, of an object, and of each further member of one."""

MAY_STAY_UNREAD_KEY = "django_mcp.may_stay_unread"
"""Key of the ASGI scope; true where the server itself discards a body that is left unread."""


class BodyTooLargeError(Exception):
    """The body is larger than the endpoint takes."""


class BodyTimeoutError(Exception):
    """The body did not arrive in time."""


class ClientGoneError(Exception):
    """The client left before it had sent its whole request."""


class TooManyItemsError(Exception):
    """The body holds more arrays, objects and members than the endpoint takes."""


class NotJSONError(Exception):
    """The body is no JSON text in UTF-8 (RFC 8259, section 8.1)."""


async def read_body(receive: Receive) -> bytes:
    """Read a whole body.

    Raises `BodyTooLargeError` as soon as it passes `DJANGO_MCP_MAX_REQUEST_BYTES`,
    `BodyTimeoutError` when it has not ended after `DJANGO_MCP_BODY_TIMEOUT` seconds, and
    `ClientGoneError`.
    """
    try:
        async with asyncio.timeout(settings.BODY_TIMEOUT):
            return await _read(receive, limit=settings.MAX_REQUEST_BYTES)
    except TimeoutError:
        raise BodyTimeoutError from None


async def _read(receive: Receive, *, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLargeError
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def answer_unread(answer: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer to a request whose body was not read.

    Before the answer ends, the body is discarded, within the bounds that hold for reading one:
    some servers close a connection on which anything is left, when its client may be sending the
    next request already. Others discard it themselves, after the answer.
    """
    if scope.get(MAY_STAY_UNREAD_KEY):
        await answer(scope, receive, send)
        return

    async def send_and_discard(message: Message) -> None:
        if message["type"] == "http.response.body":
            await send({**message, "more_body": True})
            await _discard(receive)
            message = {"type": "http.response.body"}
        await send(message)

    await answer(scope, receive, send_and_discard)


async def _discard(receive: Receive) -> None:
    left = settings.MAX_REQUEST_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(settings.BODY_TIMEOUT):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):  # nor has a client that is gone
                    return


def parse_body(body: bytes, *, max_items: int) -> Any:
    """Return the value of the JSON in a body.

    Raises `TooManyItemsError`, at a cost that is bounded by the body's size, when more than
    `max_items` of `[`, `{` and `,` stand in it outside of strings; `NotJSONError` for anything that
    is no JSON. A thread would not help: the parser keeps the interpreter to itself.
    """
    # A count that takes no account of strings is enough for nearly every body, and far faster.
    if sum(map(body.count, ITEM_BYTES)) > max_items and _beyond(max_items).match(body):
        raise TooManyItemsError
    try:
        # Decoded here, because the parser would take UTF-16 as well, which the scan cannot read.
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        raise NotJSONError from None


@cache
def _beyond(max_items: int) -> re.Pattern[bytes]:
    """Return a pattern for a text that holds more items; it stops at the first one too many.

    Strings are stepped over as a whole; no byte is looked at twice (possessive quantifiers).
    """
    between = rb'[^"\[{,]*+'
    string = rb'"(?:[^"\\]++|\\.)*+"'
    item = b"(?:%b(?:%b%b)*+[\\[{,])" % (between, string, between)
    return re.compile(b"%b{%d}" % (item, max_items + 1), re.DOTALL)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that yields the body again, then the client's further messages."""
    is_read = False

    async def receive_again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
