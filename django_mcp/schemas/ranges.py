"""JSON form of PostgreSQL's ranges: `{lower, upper, bounds}`."""

import datetime
from collections.abc import Callable
from typing import Any, Literal

from typing_extensions import TypedDict

Bounds = Literal["[)", "(]", "()", "[]", "empty"]


def range_type(item: Any) -> Any:
    """Return the annotation of a range whose bounds are of the type `item`."""
    return TypedDict("Range", {"lower": item | None, "upper": item | None, "bounds": Bounds})  # type: ignore[operator]


def range_value(value: Any, convert: Callable[[Any], Any], *, is_discrete: bool) -> dict[str, Any]:
    """Return a range of psycopg's as its row holds it, with `convert` applied to its bounds.

    PostgreSQL writes ranges of integers and dates as `[)`, whatever they were saved as.
    """
    if value.isempty:
        return {"lower": None, "upper": None, "bounds": "empty"}
    lower, upper = (None if each is None else convert(each) for each in (value.lower, value.upper))
    has_lower = lower is not None and value.lower_inc
    has_upper = upper is not None and value.upper_inc
    if is_discrete:
        if lower is not None and not has_lower:
            lower, has_lower = _next(lower), True
        if upper is not None and has_upper:
            upper, has_upper = _next(upper), False
    if lower is not None and lower == upper and not (has_lower and has_upper):
        return {"lower": None, "upper": None, "bounds": "empty"}
    bounds = ("[" if has_lower else "(") + ("]" if has_upper else ")")
    return {"lower": lower, "upper": upper, "bounds": bounds}


def _next(value: Any) -> Any:
    return value + (datetime.timedelta(days=1) if isinstance(value, datetime.date) else 1)
