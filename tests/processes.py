"""Processes that tests start: management commands, and servers that are stopped again."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STOP_WITHIN = 60.0


def manage(environment: Mapping[str, str], *arguments: str, options: tuple[str, ...] = ()) -> str:
    """Run a management command, with these options of Python; return what it prints."""
    finished = subprocess.run(
        [sys.executable, *options, "-m", "django", *arguments],
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def stop(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and see that it does; fails when it has to be killed."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
