"""A reader who does what a page says, in a folder of its own."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Self

import django_mcp
from tests.docs.pages import Command, File, UnclearStepError, steps

PORT = "8000"
ANYTHING = "..."
PATIENCE = 60.0
PACKAGE = Path(django_mcp.__file__).resolve().parents[1]

# What the environment of the tests stands for. Following these needs a package index.
ENVIRONMENT = (
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    'pip install "django-mcp-toolkit[oauth]" uvicorn',
    "pip install pytest-django",
    'pip install "psycopg[binary]"',
    "pip install gunicorn whitenoise",
    'pip install "django-mcp-toolkit[celery]" redis',
    'pip install "django-mcp-toolkit[tasks]" django-tasks-db',
    'pip install "django-mcp-toolkit[ratelimit]"',
)


class UnexpectedOutcomeError(Exception):
    """A step failed, or printed something else than its page shows."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def shell_environment() -> dict[str, str]:
    """The variables of a shell in which the tests' own environment is active."""
    kept = ("HOME", "LANG", "PATH", "TMPDIR")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join([here, inherited.get("PATH", os.defpath)])
    # Unbuffered, so that both streams come in the order in which a terminal shows them.
    return {**inherited, "PATH": path, "PYTHONPATH": str(PACKAGE), "PYTHONUNBUFFERED": "1"}


class Reader:
    """Follows pages step by step; what is left running stops when the block ends.

    Only the port is not what the pages say: 8000 may be taken. Commands that `skip` returns true
    for are passed over.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        skip: Callable[[Command], bool] = lambda command: command.line in ENVIRONMENT,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self._environment = shell_environment() if environment is None else dict(environment)
        self._skip = skip
        self._state = folder.with_name(f"{folder.name}.state")
        self._state.write_text("")
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._running.close()

    def copy(self, folder: Path) -> "Reader":
        """Another reader, who starts with what this one has made so far."""
        shutil.copytree(self.folder, folder)
        copied = Reader(folder, environment=self._environment, skip=self._skip)
        # The files name the port already.
        copied.port = self.port
        copied._state.write_text(self._state.read_text())
        return copied

    def follow(self, page: Path) -> None:
        """Take every step of a page. Raises when one is unclear, or ends otherwise than shown."""
        for step in steps(page):
            if isinstance(step, File):
                self.write(step)
            elif not self._skip(step):
                self._type(step)

    def run(self, line: str) -> str:
        """Run a command in the shell of all those before it, and return what it prints."""
        state = shlex.quote(str(self._state))
        # What a command exports, the next one finds.
        script = f"set -eu\n. {state}\n{line}\nexport -p > {state}\n"
        process = self._open(script)
        try:
            printed, _ = process.communicate(timeout=PATIENCE * 5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed, _ = process.communicate()
        if process.returncode:
            raise UnexpectedOutcomeError(
                f"{line}\nended with status {process.returncode}:\n{printed}"
            )
        return printed

    def start(self, line: str, *, until: Callable[[str], bool]) -> None:
        """Start a program that goes on; return when what it has printed is as wanted."""
        process = self._open(f". {shlex.quote(str(self._state))}\nexec {line}")
        self._running.callback(_stop, process)
        printed = ""
        hurry = Timer(PATIENCE, process.kill)
        hurry.start()
        try:
            assert process.stdout is not None
            for printed_line in process.stdout:
                printed += printed_line
                if until(printed):
                    return
        finally:
            hurry.cancel()
        raise UnexpectedOutcomeError(f"{line}\n{printed}")

    def _open(self, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that all it starts can be ended with it
        )

    def write(self, file: File) -> None:
        """Write a file, or add to it. Raises when it is there already, or is not, unexpectedly."""
        path = self.folder / file.path
        is_new = not path.exists()
        if not file.may_exist and is_new is not (file.verb == "Write"):
            raise UnclearStepError(f"{file.block}: {file.path} is {'not ' * is_new}there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self._here(file.text)
        is_added = file.verb.startswith("Add") or (file.may_exist and not is_new)
        path.write_text(f"{path.read_text()}\n{text}" if is_added else text)

    def _type(self, command: Command) -> None:
        line = self._here(command.line)
        if command.is_left_running:
            self.start(line, until=lambda printed: self._is_shown(command.output, printed))
            return
        printed = self.run(line)
        if not self._is_shown(command.output, printed):
            raise UnexpectedOutcomeError(f"{command.block}: {line}\nprinted:\n{printed}")

    def _is_shown(self, expected: Sequence[str], printed: str) -> bool:
        """Whether that was printed; three dots stand for anything, alone for any lines or none."""
        if not expected:
            return True
        pattern = "".join(
            r"(?:.*\n)*?" if line == ANYTHING else f"{self._line_pattern(line)}\\s*\\n"
            for line in expected
        )
        return re.fullmatch(pattern, f"{printed.rstrip()}\n") is not None

    def _line_pattern(self, line: str) -> str:
        return ".*".join(re.escape(part) for part in self._here(line).split(ANYTHING))

    def _here(self, text: str) -> str:
        return text.replace(PORT, str(self.port))


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
