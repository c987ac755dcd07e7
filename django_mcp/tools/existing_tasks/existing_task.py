"""`ExistingTask`: what a tool is made of that a project has as a task already."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingTask:
    """Function of a task, and the options of the task that a background tool has, too.

    `options` are read by functions, which may raise `DeclarationError`: what an author has given
    explicitly is not read. A task with `problems` cannot be a tool, and its function only names it.
    """

    kind: str
    function: Callable[..., Any]
    options: Mapping[str, Callable[[], Any]]
    problems: Sequence[str]
