"""The processes of these tests: the site, its workers, and brokers of their own."""

import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.servers import PATIENCE, Site
from tests.polls import until
from tests.processes import ROOT

PROJECT = "tests.workers.project"
SERVER = ("uvicorn", f"{PROJECT}.asgi:application", "--log-level", "warning")


def make_site(database_url: str, broker_url: str, folder: Path, *, port: int, **more: str) -> Site:
    """The project at this port, migrated, with a queue of its own."""
    site = Site(
        port=port,
        environment={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"{PROJECT}.settings",
            "SITE_URL": f"http://127.0.0.1:{port}/mcp",
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
            "QUEUE": f"django-mcp-{uuid.uuid4().hex[:12]}",
            "TRACES": str(folder / "traces"),
            **more,
        },
    )
    (folder / "traces").touch()
    site.manage("migrate", "--verbosity", "0")
    return site


def server(site: Site) -> list[str]:
    return [*SERVER, "--port", str(site.port)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A running worker with its log, which says `greeting` when it is ready."""

    process: subprocess.Popen[bytes]
    log: Path
    greeting: str

    @property
    def children(self) -> list[int]:
        """Its pool processes."""
        pid = self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in listed]  # none in a pool of threads

    @property
    def is_ready(self) -> bool:
        return self.greeting in self.log.read_text()

    def kill_child(self) -> None:
        """Kill one of its pool processes."""
        for child in self.children[-1:]:
            kill(child)

    def kill_parent(self) -> None:
        """Kill the process that started the others."""
        self.process.kill()

    def kill_all(self) -> None:
        """Kill all of its processes at once."""
        os.killpg(self.process.pid, signal.SIGKILL)


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def working(
    site: Site, log: Path, *, pool: str = "prefork", slots: int = 4
) -> AbstractContextManager[Worker]:
    """Run a Celery worker until the block ends."""
    # Another of these tests, with a queue of its own, may have a worker of this name on the broker.
    name = f"{log.stem}-{site.environment['QUEUE']}@%h"
    command = ["celery", "-A", PROJECT, "worker", "--pool", pool, "--concurrency", str(slots)]
    quick = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    return _running(site, log, [*command, "--hostname", name, *quick], greeting=" ready.")


def working_for_tasks(site: Site, log: Path) -> AbstractContextManager[Worker]:
    """Run a worker of django-tasks-db until the block ends; it runs one task at a time."""
    quick = ["--interval", "0.1", "--no-startup-delay"]
    return _running(site, log, ["django", "db_worker", *quick], greeting="Starting worker")


@contextmanager
def _running(site: Site, log: Path, command: Sequence[str], *, greeting: str) -> Iterator[Worker]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=dict(site.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    worker = Worker(process=process, log=log, greeting=greeting)
    try:
        until(lambda: process.poll() is not None or worker.is_ready)
        assert process.poll() is None, log.read_text()
        yield worker
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis of the test's own, which forgets everything when it ends."""
    command: Sequence[str] = ("redis-server", "--port", str(port), "--save", "", "--bind")
    process = subprocess.Popen(
        [*command, "127.0.0.1", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: process.poll() is not None or _listens(port))
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
