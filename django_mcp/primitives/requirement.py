"""Requirements: the predicates over callers that `requires` names."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from asgiref.sync import iscoroutinefunction

from django_mcp.principals import Principal

SUBJECTS = ("user", "principal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Predicate over callers. Requirements that call the same function are equal."""

    # An instance of a dataclass has no hash.
    function: Callable[..., Any] = field(hash=False)
    name: str
    takes_user: bool

    def applies_to(self, principal: Principal) -> bool:
        """Return whether the predicate can be called; if not, the caller does not meet it."""
        return not (self.takes_user and principal.is_anonymous)

    def is_met_by(self, principal: Principal) -> bool:
        """Return the verdict of the predicate, which may query. Raises what it raises."""
        subject = {"user": principal.user} if self.takes_user else {"principal": principal}
        verdict = self.function(**subject)
        if inspect.isawaitable(verdict):
            # Behind a sync decorator; it would count as true.
            if inspect.iscoroutine(verdict):
                verdict.close()
            raise TypeError(f"{self.name} returned an awaitable: what requires names must be sync")
        return bool(verdict)


def read_requirement(function: Any) -> Requirement:
    """Return the requirement of a function. Raises `ValueError` for the author of the tool."""
    if not callable(function):
        raise ValueError("requires must be a function of user or of principal, and only one")
    name = _name_of(function)
    if any(_returns_no_verdict(each) for each in (function, getattr(function, "__call__", None))):  # noqa: B004
        raise ValueError(
            f"requires: {name} must be a sync function that returns a bool; it may query"
        )
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise ValueError(f"requires: {name} has no readable signature") from error
    subjects = [each.name for each in parameters if each.name in SUBJECTS and _is_keyword(each)]
    others = [each for each in parameters if each.name not in subjects and _must_be_given(each)]
    if len(subjects) != 1 or others:
        raise ValueError(f"requires: {name} must take one argument, named user or principal")
    return Requirement(function=function, name=name, takes_user=subjects == ["user"])


def _name_of(function: Any) -> str:
    if isinstance(function, partial):
        return _name_of(function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def _returns_no_verdict(function: Any) -> bool:
    return (
        iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
        or inspect.isgeneratorfunction(function)
    )


def _is_keyword(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def _must_be_given(parameter: inspect.Parameter) -> bool:
    is_variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not is_variadic
