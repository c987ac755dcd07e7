"""Preparations: functions, named by `prepare`, that complete the arguments of background tools."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import is_typeddict

from django_mcp.schemas.annotations import type_hints
from django_mcp.schemas.input.function_signature import read_signature
from django_mcp.schemas.input.parameters import read_parameters
from django_mcp.schemas.input.signature import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Function of the option `prepare`, resolved against the signature of its tool.

    `completed` is the signature of the tool with every parameter, `fills` names those that clients
    do not see, and `takes` those that the function takes too, with the tool's own defaults.
    """

    function: Callable[..., Any]
    completed: Signature
    fills: frozenset[str]
    takes: Mapping[str, Any]
    user_parameter: str | None
    context_parameter: str | None


def read_preparation(
    function: Callable[..., Any],
    *,
    tool: Callable[..., Any],
    descriptions: Mapping[str, str],
    schema_extra: Mapping[str, Any] | None,
    page_size: int | None = None,
) -> Preparation:
    """Resolve the preparation of `tool`. Raises `ValueError` for the author of the tool."""
    completed = read_signature(
        tool, descriptions=descriptions, schema_extra=schema_extra, page_size=page_size
    )
    try:
        hints = type_hints(function)
        parameters = read_parameters(inspect.signature(function), hints, descriptions={})
    except ValueError as error:
        raise ValueError(f"prepare: {error}") from error
    returned = hints.get("return")
    fills = frozenset(returned.__annotations__) if is_typeddict(returned) else frozenset()
    own = inspect.signature(tool).parameters
    arguments = own.keys() - {completed.user_parameter, completed.context_parameter}
    takes = parameters.arguments.__annotations__.keys()
    if unknown := fills - arguments:
        raise ValueError(f"prepare returns no parameters of the tool: {_listed(unknown)}")
    if unknown := takes - (arguments - fills):
        raise ValueError(f"prepare takes what clients do not send: {_listed(unknown)}")
    if parameters.requires_user and not completed.requires_user:
        raise ValueError("prepare requires a user, and the tool does not")
    return Preparation(
        function=function,
        completed=completed,
        fills=fills,
        takes={name: own[name].default for name in takes},
        user_parameter=parameters.user,
        context_parameter=parameters.context,
    )


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
