"""Retry policies of Celery tasks, by the options of its autoretry, as `Retry`."""

from collections.abc import Iterator
from typing import Any

from django_mcp.primitives.retry import Retry
from django_mcp.schemas.declaration_errors import DeclarationError

MAX_BACKOFF_SECONDS = 600
"""Celery's default of `retry_backoff_max`."""

READ_KEYWORDS = frozenset({"countdown", "max_retries"})
"""Keys of `retry_kwargs` that are taken over."""

INSTEAD = "pass retry=Retry(...)"


def read_retry(task: Any) -> Retry | None:
    """Return the policy of a task's `autoretry_for`; None where it is not run again.

    Raises `DeclarationError` with what no `Retry` does.
    """
    excluded = tuple(getattr(task, "dont_autoretry_for", None) or ())
    named = tuple(getattr(task, "autoretry_for", None) or ())
    on = tuple(each for each in named if not issubclass(each, excluded))
    keywords = dict(getattr(task, "retry_kwargs", None) or {})
    times = keywords.get("max_retries")
    times = task.max_retries if times is None else times
    if not on or times == 0:
        return None
    if problems := list(_problems(on, excluded, keywords, times)):
        raise DeclarationError(problems)
    backoff = getattr(task, "retry_backoff", False)
    if backoff:
        return Retry(
            times=times,
            backoff=int(max(1.0, float(backoff))),
            max_delay=int(getattr(task, "retry_backoff_max", MAX_BACKOFF_SECONDS)),
            jitter=bool(getattr(task, "retry_jitter", True)),
            on=on,
        )
    # Without a backoff, Celery waits as long before each rerun.
    countdown = keywords.get("countdown")
    delay = task.default_retry_delay if countdown is None else countdown
    return Retry(times=times, backoff=delay, max_delay=delay, jitter=False, on=on)


def _problems(
    on: tuple[type[Exception], ...],
    excluded: tuple[type[Exception], ...],
    keywords: dict[str, Any],
    times: int | None,
) -> Iterator[str]:
    if times is None:
        yield f"its max_retries is None, and no tool is run again without end: {INSTEAD}"
    inside = [each.__qualname__ for each in excluded if issubclass(each, on)]
    if inside:
        yield (
            f"its dont_autoretry_for excludes {', '.join(inside)} from autoretry_for, which no "
            f"Retry does: {INSTEAD}"
        )
    if unknown := sorted(keywords.keys() - READ_KEYWORDS):
        yield f"its retry_kwargs have {', '.join(unknown)}, which no Retry has: {INSTEAD}"
