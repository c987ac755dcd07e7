"""Functions of a project that are given the caller, by the names of their parameters."""

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction

from django_mcp.principals import Principal
from django_mcp.schemas.callables import keywords_of

SUBJECTS = ("user", "principal")
"""Names of parameters that are given the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFunction:
    """Sync function that takes `user` or `principal`. Two that call the same one are equal."""

    # An instance of a dataclass has no hash.
    function: Callable[..., Any] = field(hash=False)
    name: str
    takes: frozenset[str]

    @property
    def takes_user(self) -> bool:
        """True if it needs a user, so that it is never called for anonymous callers."""
        return "user" in self.takes

    def applies_to(self, principal: Principal) -> bool:
        """Return whether the function can be called for this caller."""
        return not (self.takes_user and principal.is_anonymous)

    def keywords(self, principal: Principal, **values: Any) -> dict[str, Any]:
        """Return what the function takes of a caller, and of other values."""
        known = {"user": principal.user, "principal": principal, **values}
        return {name: known[name] for name in self.takes}

    def call(self, principal: Principal, **values: Any) -> Any:
        """Return what the function returns for a caller, and for other values that it takes.

        Raises what it raises.
        """
        result = self.function(**self.keywords(principal, **values))
        if inspect.isawaitable(result):
            # Behind a sync decorator; it would count as true.
            if inspect.iscoroutine(result):
                result.close()
            raise TypeError(f"{self.name} returned an awaitable: it must be sync")
        return result


def read_caller_function(
    function: Any,
    *,
    option: str,
    wanted: str,
    returns: str,
    values: Collection[str] = (),
    needs_caller: bool = True,
) -> CallerFunction:
    """Return the function of an option: it takes these values, and one of the `SUBJECTS`.

    `wanted` and `returns` say what it must take and return, in messages. Raises `ValueError` for
    its author.
    """
    if not callable(function):
        raise ValueError(f"{option} must be a function that takes {wanted}")
    name = _name_of(function)
    if any(_is_no_plain_call(each) for each in (function, getattr(function, "__call__", None))):  # noqa: B004
        raise ValueError(
            f"{option}: {name} must be a sync function that returns {returns}; it may query"
        )
    try:
        keywords = keywords_of(function, (*SUBJECTS, *values))
    except ValueError as error:
        raise ValueError(f"{option}: {name} {error}") from error
    callers = len(keywords.taken.intersection(SUBJECTS))
    is_whole = keywords.taken.issuperset(values) and not keywords.needed
    if not is_whole or not needs_caller <= callers <= 1:
        raise ValueError(f"{option}: {name} must take {wanted}")
    return CallerFunction(function=function, name=name, takes=keywords.taken)


def _name_of(function: Any) -> str:
    if isinstance(function, partial):
        return _name_of(function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def _is_no_plain_call(function: Any) -> bool:
    return (
        iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
        or inspect.isgeneratorfunction(function)
    )
