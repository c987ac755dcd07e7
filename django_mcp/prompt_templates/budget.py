"""Budget of one rendering: characters that are handled, and processor time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from django_mcp.conf import settings
from django_mcp.prompt_templates.errors import PromptTooLargeError

MAX_CPU_SECONDS = 1.0
"""Limit of a rendering's processor time, checked between its steps; none of these is long."""

WORK_PER_CHARACTER = 16
"""Characters that a rendering may handle on its way, for each that its result may have."""

ITEM_CHARACTERS = 64
"""Characters as which an item of a list counts."""


@dataclass(slots=True)
class Budget:
    """Budget of a rendering, with what is left of it. Once it is spent, every step is refused."""

    longest: int
    work: int = field(init=False)
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.work = self.longest * WORK_PER_CHARACTER
        # Of this thread: a busy machine takes none of it.
        self.deadline = time.thread_time() + MAX_CPU_SECONDS

    def spend(self, *values: Any) -> None:
        """Pay for a step that handles these values. Raises `PromptTooLargeError`."""
        self.work -= 1 + sum(map(_size, values))
        if any(isinstance(value, str) and len(value) > self.longest for value in values):
            raise PromptTooLargeError(
                gettext("The text becomes longer than %(limit)d characters.")
                % {"limit": self.longest}
            )
        if self.work < 0 or time.thread_time() > self.deadline:
            raise PromptTooLargeError(gettext("Too much work: the rendering was given up."))


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return len(value) * ITEM_CHARACTERS if isinstance(value, list) else 1


_current: ContextVar[Budget | None] = ContextVar("prompt_text_budget", default=None)


@contextmanager
def bounded() -> Iterator[None]:
    """Give the rendering inside the block a budget of its own."""
    token = _current.set(Budget(longest=settings.MAX_RESULT_BYTES))
    try:
        yield
    finally:
        _current.reset(token)


def spend(*values: Any) -> None:
    """Pay from the budget of the rendering, as `Budget.spend` says, if there is one.

    There is none while a text is compiled.
    """
    budget = _current.get()
    if budget is not None:
        budget.spend(*values)
