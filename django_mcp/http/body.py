"""The request's body: read once, bounded, and handed on."""

from starlette.types import Message, Receive


class BodyTooLargeError(Exception):
    """The body is larger than the endpoint takes."""


class ClientGoneError(Exception):
    """The client left before it had sent its whole request."""


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """Read a whole body. Raises `BodyTooLargeError` as soon as it passes `limit` bytes."""
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


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body again, then whatever the client does next."""
    is_read = False

    async def receive_again() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
