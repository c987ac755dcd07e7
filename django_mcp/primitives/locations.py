"""Locations of calls in the code of a project, for messages to their authors."""

import inspect
from pathlib import Path
from typing import NamedTuple, Self

from django_mcp.schemas.callables import shown_path

PACKAGE = __name__.partition(".")[0] + "."


class Location(NamedTuple):
    """Module, file and line of a call."""

    module: str
    file: str
    line: int

    @classmethod
    def of_caller(cls) -> Self:
        """Return the location of the innermost call that is not made by this package itself."""
        frame = inspect.currentframe()
        while frame is not None and _module_of(frame.f_globals).startswith(PACKAGE):
            frame = frame.f_back
        if frame is None:  # pragma: no cover  (every call begins outside)
            return cls("", "", 0)
        return cls(_module_of(frame.f_globals), frame.f_code.co_filename, frame.f_lineno)

    def __str__(self) -> str:
        return f"{shown_path(Path(self.file))}:{self.line}"


def _module_of(names: dict[str, object]) -> str:
    return str(names.get("__name__", ""))
