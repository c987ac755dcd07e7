"""HTTPS connection to an address that was validated before, with a deadline."""

import socket
import ssl
import time
from http.client import HTTPSConnection
from typing import Any

from typing_extensions import override


class PinnedConnection(HTTPSConnection):
    """HTTPS connection to one address of a host, whose name is not resolved again.

    Connecting, TLS, headers and body together end with `TimeoutError` at the `deadline`, a value
    of `time.monotonic()`. A timeout of the socket alone begins anew with every byte.
    """

    def __init__(self, host: str, *, address: str, port: int, deadline: float) -> None:
        self._tls = _context(deadline)
        super().__init__(host, port, context=self._tls)
        self._address = (address, port)
        self._deadline = deadline

    @override
    def connect(self) -> None:
        """Connect to the address and start TLS within the deadline."""
        sock = socket.create_connection(self._address, timeout=_seconds_until(self._deadline))
        try:
            # Python bounds a handshake as a whole.
            sock.settimeout(_seconds_until(self._deadline))
            self.sock = self._tls.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise


def _context(deadline: float) -> ssl.SSLContext:
    class Socket(ssl.SSLSocket):
        """Socket whose reads, each of which may return a single byte, share the deadline."""

        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            self.settimeout(_seconds_until(deadline))
            return super().recv_into(*args, **kwargs)

    context = ssl.create_default_context()
    context.sslsocket_class = Socket
    return context


def _seconds_until(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the time for the whole exchange is over")
    return remaining
