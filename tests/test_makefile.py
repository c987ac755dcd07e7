"""`make install`, with a stand-in for the interpreter of the virtual environment."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parent.parent / "Makefile"
INSTALLING = "Installing the dependencies into .venv (a minute or two) ..."

pytestmark = pytest.mark.skipif(
    not (MAKEFILE.exists() and shutil.which("make")), reason="needs the checkout, and make"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(MAKEFILE, tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "requirements-dev.lock").touch()
    return tmp_path


@pytest.fixture
def venv(checkout: Path) -> None:
    """One whose interpreter prints its arguments."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)


def make(checkout: Path, *arguments: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    # `make test` may run this: its flags are not those of the stand-in.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env=environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )


@pytest.mark.usefixtures("venv")
def test_install_writes_to_a_log_one_line_and_what_a_quiet_pip_says(checkout: Path) -> None:
    run = make(checkout, "install", stdout=subprocess.PIPE)

    assert run.returncode == 0, run.stderr
    assert run.stdout.decode().splitlines() == [
        INSTALLING,
        "-m pip install --quiet --upgrade pip>=25.1",
        "-m pip install --quiet --require-hashes --requirement requirements-dev.lock",
        "-m pip install --quiet --no-deps --no-build-isolation --editable .",
    ]


@pytest.mark.usefixtures("venv")
def test_install_shows_pips_own_progress_on_a_terminal(checkout: Path) -> None:
    terminal, stdout = pty.openpty()
    try:
        run = make(checkout, "install", stdout=stdout)
        printed = os.read(terminal, 10_000).decode()
    finally:
        os.close(stdout)
        os.close(terminal)

    assert run.returncode == 0, run.stderr
    assert printed.splitlines() == [
        INSTALLING,
        "-m pip install --upgrade pip>=25.1",
        "-m pip install --require-hashes --requirement requirements-dev.lock",
        "-m pip install --no-deps --no-build-isolation --editable .",
    ]


def test_install_with_an_old_interpreter_says_what_to_type(checkout: Path) -> None:
    run = make(checkout, "install", "PYTHON=false", stdout=subprocess.PIPE)

    assert run.returncode != 0
    assert b"false is older than 3.11: name another one, make install PYTHON=" in run.stderr
