"""Completers: the functions and querysets that `complete=` names for arguments."""

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from django.db.models import QuerySet

from django_mcp.completions.rows import check_shape
from django_mcp.primitives.caller_functions import SUBJECTS, CallerFunction
from django_mcp.schemas.callables import (
    function_of,
    is_coroutine_function,
    keywords_of,
    name_of,
)
from django_mcp.schemas.declaration_errors import DeclarationError

KEYWORDS = ("value", "arguments", *SUBJECTS)
"""Names of the parameters that a completer may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completer(CallerFunction):
    """Function that returns the values of one argument, called anew for each completion."""

    is_async: bool


def read_completers(complete: Any, arguments: Collection[str]) -> Mapping[str, Completer]:
    """Return the completers that the option `complete` of a declaration names, by argument.

    Raises `ValueError` with all problems, for the author of the declaration.
    """
    if not isinstance(complete, Mapping | None):
        raise ValueError("complete must map names of arguments to functions or querysets")
    completers, problems = {}, []
    for name, source in (complete or {}).items():
        if name not in arguments:
            problems.append(
                f"complete names {name!r}, which is no argument{_meant(name, arguments)}"
            )
            continue
        try:
            completers[name] = _completer_of(source)
        except ValueError as error:
            problems.append(f"complete of {name!r} {error}")
    if problems:
        raise DeclarationError(problems)
    return MappingProxyType(completers)


def _completer_of(source: Any) -> Completer:
    if isinstance(source, QuerySet):
        check_shape(source)
        # A copy each time: the queryset itself would keep the rows of its first use.
        return Completer(function=source.all, name="all", takes=frozenset(), is_async=False)
    if not callable(source) or isinstance(source, type):
        raise ValueError("must be a function or a queryset; a function can return a list")
    if inspect.isasyncgenfunction(function_of(source)):
        raise ValueError("must return its values: an async generator is not read")
    keywords = keywords_of(source, KEYWORDS)
    if keywords.needed:
        raise ValueError(f"takes {keywords.needed[0]!r}, which is none of {', '.join(KEYWORDS)}")
    return Completer(
        function=source,
        name=name_of(source),
        takes=keywords.taken,
        is_async=is_coroutine_function(source),
    )


def _meant(name: Any, arguments: Collection[str]) -> str:
    meant = get_close_matches(str(name), arguments, n=1)
    return f"; did you mean {meant[0]!r}?" if meant else ""
