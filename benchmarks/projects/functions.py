"""The functions behind the tools of the projects, the same for every package."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import date
from types import FunctionType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def add_async(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Orders(BaseModel):
    """A page of orders."""

    numbers: list[int]
    total: float
    more: bool


def find_orders(
    status: Literal["open", "paid", "shipped"],
    first_day: date | None = None,
    search: Annotated[str, Field(max_length=100)] = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> Orders:
    """Find the orders of a status, newest first.

    When as many come back as `limit` asks for there may be more: narrow the search then.

    Args:
        status: What has become of the orders.
        first_day: Only orders of this day and later.
        search: Only orders that mention this text.
        limit: How many to return at most.
    """
    return Orders(numbers=[1, 2, 3][:limit], total=42.5, more=False)


OTHERS = 3
"""The tools that every project has: the two that add, and the one that reports."""


def fillers(count: int) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Copies of `find_orders` under names of their own, to bring the tools up to `count`."""
    for number in range(count - OTHERS):
        copy = FunctionType(
            find_orders.__code__, globals(), f"find_orders_{number}", find_orders.__defaults__
        )
        copy.__annotations__ = find_orders.__annotations__
        copy.__doc__ = find_orders.__doc__
        copy.__module__ = find_orders.__module__
        copy.__qualname__ = copy.__name__
        yield copy.__name__, copy


REPORTS_PER_SECOND = 10


async def report_steadily(report: Callable[[float, float, str], Any], count: int) -> str:
    """Report `count` times, ten a second; each message is the clock's time when it was sent."""
    for number in range(1, count + 1):
        await asyncio.sleep(1 / REPORTS_PER_SECOND)
        await report(number, count, repr(time.monotonic()))
    return f"{count} reports"
