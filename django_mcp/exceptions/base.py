"""Roots of the package's exceptions, and those that concern no call."""

import math
import re
from collections.abc import Sequence
from typing import Any

from django.utils.functional import Promise

OUTCOME = re.compile(r"[a-z][a-z_]{0,19}")
"""Names that an outcome may have: those that the column of the record holds."""


class DjangoMCPError(Exception):
    """Root of every exception that this package raises."""


class ToolRegistrationError(DjangoMCPError):
    """Some declarations cannot be served; `problems` names each with its function."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "Some declarations cannot be served:\n" + "\n".join(f"- {p}" for p in problems)
        )


class InvalidCredentialsError(DjangoMCPError):
    """The request carries credentials, and they are not good for this endpoint."""


class TooManyRequestsError(DjangoMCPError):
    """The request is not served, because of those before it; `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class CallError(DjangoMCPError):
    """Root of the exceptions that end a call and give its caller the reason; a kind is a subclass.

    The facts of a kind are attributes of its class: `outcome`, `message`, `hint`, `retryable`,
    `retry_after`, `is_recorded` and `shares_row`. The answer, the record, the rows of tasks and
    the admin read them, and know no class.

    Args:
        message: What went wrong; the class's own by default.
        retryable: Whether the same call may succeed later.
        hint: What to do or change, in words an agent can act on.
        retry_after: Seconds to wait before trying again; what is no such time is left out.
    """

    outcome: str = "failed"
    message: str | Promise = "The call failed."
    hint: str | Promise = ""
    retryable: bool = False
    retry_after: float | None = None
    is_recorded: bool = True
    """If false, the call gets no row, unless it has one; log line and signal it has anyway."""
    shares_row: bool = False
    """If true, only the first of many such calls by a caller have a row and a log line each."""
    is_repeated: bool = False
    """True of the answer to an earlier call with the same idempotency key, given once more."""
    advice: str = ""
    """Advice to the author of the function: for the log, which makes it a warning."""
    result: Any = None
    """Rendered result of the call, where it reaches the caller all the same."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not OUTCOME.fullmatch(cls.outcome):
            raise TypeError(
                f"{cls.__name__}.outcome must be at most 20 lower-case letters and underscores, "
                f"not {cls.outcome!r}"
            )

    def __init__(
        self,
        message: str | Promise | None = None,
        *,
        retryable: bool | None = None,
        hint: str | Promise | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = sendable(self.message if message is None else message)
        self.hint = sendable(self.hint if hint is None else hint)
        if retryable is not None:
            self.retryable = retryable
        if retry_after is not None:
            is_time = math.isfinite(retry_after) and retry_after >= 0
            self.retry_after = retry_after if is_time else None
        super().__init__(self.message)


def declared_outcomes() -> list[str]:
    """Return the outcomes that exceptions have, those of the project's own included."""
    found: dict[str, None] = {}
    classes: list[type[CallError]] = [CallError]
    for cls in classes:
        found[cls.outcome] = None
        classes += cls.__subclasses__()
    return list(found)


def sendable(words: str | Promise) -> str:
    """Return text, also of a lazy translation, without what UTF-8 cannot encode."""
    return str(words).encode("utf-8", "replace").decode("utf-8")
