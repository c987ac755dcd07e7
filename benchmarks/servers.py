"""The servers under test, each a process (or a family of them) of its own."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks import processes
from benchmarks.cores import on_cores
from benchmarks.requests import HOST

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 60.0
STOPPED_WITHIN = 15.0

Kind = Literal["uvicorn", "gunicorn"]


class ServerError(Exception):
    """A server did not start, or did not answer as it should; the message carries its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How a project is served. `module` holds its `application`."""

    module: str
    kind: Kind = "uvicorn"
    workers: int = 1
    threads: int = 4
    environment: Mapping[str, str] = field(default_factory=dict)

    def whole_environment(self) -> dict[str, str]:
        """The environment of its processes."""
        return {**os.environ, **self.environment}

    def command(self, port: int) -> list[str]:
        where = f"{self.module}:application"
        if self.kind == "gunicorn":
            return [
                *(sys.executable, "-m", "gunicorn", where, "--bind", f"127.0.0.1:{port}"),
                *("--worker-class", "gthread", "--threads", str(self.threads)),
                *("--workers", str(self.workers), "--keep-alive", "75"),
                *("--log-level", "warning"),
            ]
        return [
            *(sys.executable, "-m", "uvicorn", where, "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(self.workers), "--no-access-log", "--log-level", "warning"),
            *("--timeout-graceful-shutdown", "3"),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A server that answers at `port`."""

    port: int
    pid: int
    log: Path

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return processes.cpu_seconds(self.pid)

    def tail(self) -> str:
        """The end of what it wrote to stderr."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])


@contextmanager
def running(server: Server, *, cores: frozenset[int]) -> Iterator[RunningServer]:
    """Run a server on these cores while the block runs."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "server.log")
        with log.open("w") as output, on_cores(cores):
            process = subprocess.Popen(
                server.command(port),
                cwd=ROOT,
                env=server.whole_environment(),
                stdout=output,
                stderr=output,
            )
        try:
            started = RunningServer(port=port, pid=process.pid, log=log)
            _wait_until_ready(process, started, server)
            yield started
        finally:
            _stop(process)


def _wait_until_ready(
    process: "subprocess.Popen[bytes]", started: RunningServer, server: Server
) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not _answers(started.port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"{server.module} under {server.kind}:\n{started.tail()}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": HOST, "Connection": "close"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
