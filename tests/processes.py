"""Processes that tests start: management commands, and servers that are stopped again."""

import os
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


def check_project(folder: Path, *settings: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` with the tests' settings and these lines after them."""
    (folder / "changed_settings.py").write_text(
        "\n".join(["from tests.settings import *", *settings])
    )
    return subprocess.run(
        [sys.executable, "-m", "django", "check", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
            "DJANGO_SETTINGS_MODULE": "changed_settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )


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
