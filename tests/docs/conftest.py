import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Command
from tests.docs.reader import ENVIRONMENT, Reader, shell_environment
from tests.interop import node

INSPECTOR = f"npx --yes {node.INSPECTOR}@{node.pinned(node.INSPECTOR)} "


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What a reader's shell finds; `no_inspector` says why the Inspector is left out."""

    environment: Mapping[str, str]
    no_inspector: str

    def skips(self, command: Command) -> bool:
        is_impossible = bool(self.no_inspector) and command.line.startswith(INSPECTOR)
        return is_impossible or command.line in ENVIRONMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutorial:
    """What somebody has who has followed the tutorial."""

    reader: Reader

    @property
    def database(self) -> Path:
        return self.reader.folder / "db.sqlite3"


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    environment = shell_environment()
    try:
        programs = _programs(tmp_path_factory.mktemp("programs"), node.installed())
    except node.NodeUnavailableError as error:
        return Shell(environment=environment, no_inspector=str(error))
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    return Shell(environment=environment, no_inspector="")


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Tutorial:
    """The tutorial, followed word for word once, and its server stopped."""
    folder = tmp_path_factory.mktemp("tutorial")
    with Reader(folder, environment=shell.environment, skip=shell.skips) as reader:
        reader.follow(DOCS / "tutorial" / "index.md")
    return Tutorial(reader=reader)


@pytest.fixture
def reader(tutorial: Tutorial, tmp_path: Path) -> Iterator[Reader]:
    """Somebody who has followed the tutorial, with a copy of the project."""
    with tutorial.reader.copy(tmp_path / "project") as reader:
        yield reader


def _programs(folder: Path, node_tools: node.NodeTools) -> Path:
    """A folder with an `npx` that knows the installed Inspector alone."""
    npx = folder / "npx"
    # Any other version, or none, is not there.
    wanted = shlex.quote(f"{node.INSPECTOR}@{node.pinned(node.INSPECTOR)}")
    command = shlex.join([str(node_tools.node), str(node_tools.inspector)])
    npx.write_text(
        f'#!/bin/sh\ntest "$1 $2" = "--yes "{wanted} || exit 64\nshift 2\n'
        f'HOME={shlex.quote(str(folder))} exec {command} "$@"\n'
    )
    npx.chmod(0o755)
    return folder
