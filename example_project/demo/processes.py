"""The processes that the demo starts, each stopped at its end."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

READY_WITHIN = 60.0
STOPPED_WITHIN = 15.0


class ProcessError(Exception):
    """A process cannot be started, or is gone."""


class Process:
    """Runs a Python module from entering to leaving; what it prints goes to the log file.

    `name` is what messages call it.
    """

    def __init__(self, name: str, module: Sequence[str], *, directory: Path, log: Path) -> None:
        self._name = name
        self._command = [sys.executable, "-m", *module]
        self._directory = directory
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the demo, which then stops the process in order.
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

    def wait(self) -> None:
        """Return never; raise `ProcessError` when the process has ended by itself."""
        status = self._process.wait()
        raise ProcessError(f"The {self._name} ended with status {status}. Its log:\n{self._tail()}")

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Return as soon as it is ready; raise `ProcessError` when it will not be."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ProcessError(f"The {self._name} ended at once. Its log:\n{self._tail()}")
            if is_ready():
                return
            time.sleep(0.1)
        raise ProcessError(
            f"The {self._name} was not ready in {READY_WITHIN:g} s. Its log:\n{self._tail()}"
        )

    def printed(self) -> str:
        """Everything that it has printed so far."""
        return self._log.read_text(errors="replace")

    def _tail(self) -> str:
        return "\n".join(self.printed().splitlines()[-25:])
