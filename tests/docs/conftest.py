import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Command
from tests.docs.reader import ENVIRONMENT, Reader, shell_environment
from tests.judges import node

INSPECTOR = "npx --yes @modelcontextprotocol/inspector@2 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutorial:
    """What somebody has who has followed the tutorial; `no_inspector` says why it was left out."""

    reader: Reader
    no_inspector: str

    @property
    def database(self) -> Path:
        return self.reader.folder / "db.sqlite3"


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Tutorial:
    """The tutorial, followed word for word once, and its server stopped."""
    folder = tmp_path_factory.mktemp("tutorial")
    environment = shell_environment()
    no_inspector = ""
    try:
        programs = _programs(tmp_path_factory.mktemp("programs"), node.installed())
        environment["PATH"] = f"{programs}:{environment['PATH']}"
    except node.JudgesUnavailableError as error:
        no_inspector = str(error)

    def is_skipped(command: Command) -> bool:
        is_impossible = bool(no_inspector) and command.line.startswith(INSPECTOR)
        return is_impossible or command.line in ENVIRONMENT

    with Reader(folder, environment=environment, skip=is_skipped) as reader:
        reader.follow(DOCS / "tutorial" / "index.md")
    return Tutorial(reader=reader, no_inspector=no_inspector)


@pytest.fixture
def reader(tutorial: Tutorial, tmp_path: Path) -> Iterator[Reader]:
    """Somebody who has followed the tutorial, with a copy of the project."""
    with tutorial.reader.copy(tmp_path / "project") as reader:
        yield reader


def _programs(folder: Path, judges: node.Judges) -> Path:
    """A folder with an `npx` that knows the installed Inspector alone."""
    npx = folder / "npx"
    command = shlex.join([str(judges.node), str(judges.inspector)])
    npx.write_text(f'#!/bin/sh\nshift 2\nHOME={shlex.quote(str(folder))} exec {command} "$@"\n')
    npx.chmod(0o755)
    return folder
