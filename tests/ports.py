"""Ports for servers that cannot be handed a listening socket."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """A free port of the loopback, which the system gives to nobody else until the block ends.

    A server that is told to listen there can do so, as servers set SO_REUSEADDR. That is Linux's
    way; elsewhere the port was merely free a moment ago.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port
