"""Management commands as tests run them, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """The outputs and the exit status of a management command."""

    stdout: str
    stderr: str
    exit_code: int

    @property
    def text(self) -> str:
        """What a command that succeeded has printed, without white space around it."""
        assert self.exit_code == 0, self.stderr
        return self.stdout.strip()

    @property
    def lines(self) -> list[str]:
        """What a command that succeeded has printed, line by line."""
        assert self.exit_code == 0, self.stderr
        return self.stdout.splitlines()

    @property
    def error(self) -> str:
        """The message of a command that has failed."""
        assert self.exit_code != 0, self.stdout
        return self.stderr


RunCommand = Callable[..., CommandResult]
"""Takes the name of a command, its arguments as they are typed, and options of `call_command`."""


def run(name: str, *arguments: str, **options: Any) -> CommandResult:
    """Run a management command in this process, as `manage.py` would."""
    stdout, stderr = StringIO(), StringIO()
    exit_code = 0
    try:
        call_command(name, *arguments, stdout=stdout, stderr=stderr, **options)
    except CommandError as error:
        stderr.write(str(error))
        exit_code = error.returncode
    except SystemExit as left:
        exit_code = left.code if isinstance(left.code, int) else 1
    return CommandResult(stdout=stdout.getvalue(), stderr=stderr.getvalue(), exit_code=exit_code)
