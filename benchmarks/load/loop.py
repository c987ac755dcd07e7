"""Load by an event loop of our own, for machines without wrk."""

import asyncio
import math
import socket
import statistics
import time

from benchmarks.load.outcome import Outcome
from benchmarks.requests import Request
from benchmarks.servers import ServerError

END_OF_CHUNKS = b"\r\n0\r\n\r\n"
PATIENCE = 10.0


class EventLoop:
    """Connections on raw sockets; it costs the load's core more than wrk does."""

    name = "a client in Python"

    def run(self, port: int, request: Request, *, connections: int, seconds: float) -> Outcome:
        """See `Load.run`."""
        return asyncio.run(_run(port, request, connections, seconds))


def ask(port: int, request: Request) -> str:
    """Send a request once and return the answer; raises `ServerError` for one that is not good."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request.to_bytes())
        received = bytearray()
        while (answer := _complete_answer(received)) is None:
            if not (data := connection.recv(65536)):
                raise ServerError(f"{request.path}: the connection was closed")
            received += data
    if not request.is_good(*answer):
        raise ServerError(f"{request.path}: {answer}")
    return answer[1]


class _Connection(asyncio.Protocol):
    """Sends the request again as soon as it is answered, until `until`."""

    def __init__(self, request: Request, until: float) -> None:
        self._request = request
        self._bytes = request.to_bytes()
        self._until = until
        self._received = bytearray()
        self._sent_at = 0.0
        self.milliseconds: list[float] = []
        self.failures = 0
        self.example = ""
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = _complete_answer(self._received)
        if answer is None:
            return
        status, body = answer
        self._received.clear()
        now = time.monotonic()
        self.milliseconds.append((now - self._sent_at) * 1000)
        if not self._request.is_good(status, body):
            self.failures += 1
            self.example = f"{status} {body[:300]}"
        if now < self._until:
            self._send()
        else:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.failures += 1
            self.example = f"the connection broke: {exc}"
            self.ended.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.monotonic()
        self._transport.write(self._bytes)

    def _end(self) -> None:
        self.ended.set_result(None)
        self._transport.close()


def _complete_answer(received: bytearray) -> tuple[int, str] | None:
    """Status and body of a whole response; chunks are left as they came."""
    head, separator, body = bytes(received).partition(b"\r\n\r\n")
    if not separator:
        return None
    _, _, length = head.lower().partition(b"\r\ncontent-length:")
    if length:
        is_complete = len(body) >= int(length.partition(b"\r\n")[0])
    else:
        is_complete = body.endswith(END_OF_CHUNKS)
    return (int(head.split(b" ", 2)[1]), body.decode()) if is_complete else None


async def _run(port: int, request: Request, count: int, seconds: float) -> Outcome:
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    connections = []
    for _ in range(count):
        _, connection = await loop.create_connection(
            lambda: _Connection(request, started + seconds), "127.0.0.1", port
        )
        connections.append(connection)
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(connection.ended for connection in connections))
    took = time.monotonic() - started
    times = sorted(ms for connection in connections for ms in connection.milliseconds)
    return Outcome(
        requests=len(times),
        seconds=took,
        failures=sum(connection.failures for connection in connections),
        example=next((c.example for c in connections if c.example), ""),
        median_ms=statistics.median(times) if times else math.nan,
        slowest_percent_ms=times[int(len(times) * 0.99)] if times else math.nan,
    )
