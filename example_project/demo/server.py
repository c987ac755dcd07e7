"""The demo's server: uvicorn in a process of its own."""

import errno
import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
READY_WITHIN = 60.0
STOPPED_WITHIN = 15.0


class ServerError(Exception):
    """The server cannot be started, or is gone."""


def choose_port(wanted: str) -> int:
    """The port named by `wanted`; when that is empty, the default one or else any that is free.

    Raises `ServerError` for a named port that is taken or is no port.
    """
    if not wanted:
        return DEFAULT_PORT if _is_free(DEFAULT_PORT) else _any_free()
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise ServerError(f"DEMO_PORT is {wanted!r}, which is no port.")
    if not _is_free(int(wanted)):
        raise ServerError(f"Port {wanted} (DEMO_PORT) is taken.")
    return int(wanted)


class Server:
    """Serves an ASGI application from entering to leaving; its output goes to the log file."""

    def __init__(self, application: str, *, port: int, directory: Path, log: Path) -> None:
        self.port = port
        self._log = log
        self._directory = directory
        self._command = [
            *(sys.executable, "-m", "uvicorn", application),
            *("--host", HOST, "--port", str(port)),
            # A stream that a client keeps open would otherwise keep the server from stopping.
            *("--timeout-graceful-shutdown", "5"),
        ]

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the demo, which then stops the server in order.
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_ready(self, path: str) -> None:
        """Return as soon as something of ours answers at `path`; raise `ServerError` otherwise."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerError(f"The server ended at once. Its log:\n{self._tail()}")
            if _answers(self.port, path):
                return
            time.sleep(0.1)
        raise ServerError(f"The server was not ready in {READY_WITHIN:g} s.\n{self._tail()}")

    def wait(self) -> None:
        """Return never; raise `ServerError` when the server has ended by itself."""
        status = self._process.wait()
        raise ServerError(f"The server ended with status {status}. Its log:\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-25:])


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
