"""Starts the conformance project for a test, as a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TypedDict

from tests.processes import ROOT, stop


class Announcement(TypedDict):
    """The line that the server prints when it is ready."""

    url: str
    tokens: dict[str, str]


class ServerNotStartedError(Exception):
    """The server ended, or did not answer in time; the message carries its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A server that answers at `url`; `tokens` are empty unless it was started with auth.

    `log` is the file that holds what it wrote to stderr.
    """

    url: str
    tokens: Mapping[str, str]
    process: subprocess.Popen[str]
    log: Path


@contextmanager
def running_server(
    *,
    auth: bool = False,
    record: bool = True,
    port: int = 0,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
    start_within: float = 60,
) -> Iterator[RunningServer]:
    """Run `python -m tests.conformance_project` while the block runs, then stop it by SIGTERM.

    The database is fresh: a temporary SQLite file, unless `environment` has a `DATABASE_URL`,
    whose database is emptied. Raises ServerNotStartedError when the server is not there in time.
    """
    command = [sys.executable, "-m", "tests.conformance_project", "--port", str(port)]
    command += ["--auth"] * auth + ["--no-audit"] * (not record) + ["--workers", str(workers)]
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "stderr.log")
        with log.open("w") as stderr:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**inherited, **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        try:
            where = _read_announcement(process, log, start_within)
            yield RunningServer(url=where["url"], tokens=where["tokens"], process=process, log=log)
        finally:
            stop(process)  # it stays in our group, so whoever ends that ends it, too


def _read_announcement(
    process: subprocess.Popen[str], log: Path, start_within: float
) -> Announcement:
    assert process.stdout is not None
    deadline = Timer(start_within, process.kill)
    deadline.start()
    line = process.stdout.readline()
    deadline.cancel()
    if not line:
        raise ServerNotStartedError(
            f"it ended, or gave no answer in {start_within} s:\n{log.read_text()}"
        )
    announcement: Announcement = json.loads(line)
    return announcement
