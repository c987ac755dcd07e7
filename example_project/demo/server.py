"""The demo's server: uvicorn in a process of its own."""

import errno
import http.client
import socket
from pathlib import Path

from example_project.demo.processes import Process, ProcessError

HOST = "127.0.0.1"
DEFAULT_PORT = 8000


def choose_port(wanted: str) -> int:
    """The port named by `wanted`; when that is empty, the default one or else any that is free.

    Raises `ProcessError` for a named port that is taken or is no port.
    """
    if not wanted:
        return DEFAULT_PORT if _is_free(DEFAULT_PORT) else _any_free()
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise ProcessError(f"DEMO_PORT is {wanted!r}, which is no port.")
    if not _is_free(int(wanted)):
        raise ProcessError(f"Port {wanted} (DEMO_PORT) is taken.")
    return int(wanted)


class Server(Process):
    """Serves an ASGI application from entering to leaving."""

    def __init__(self, application: str, *, port: int, directory: Path, log: Path) -> None:
        module = [
            *("uvicorn", application, "--host", HOST, "--port", str(port)),
            # A stream that a client keeps open would otherwise keep the server from stopping.
            *("--timeout-graceful-shutdown", "5"),
        ]
        super().__init__("server", module, directory=directory, log=log)
        self._port = port

    def wait_until_ready(self, path: str) -> None:
        """Return as soon as it answers at `path`; raise `ProcessError` when it never will."""
        self.wait_until(lambda: _answers(self._port, path))


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server will do; otherwise the remains of closed connections count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
