"""Check of the parameters that docstrings describe."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.primitives.declaration import Declaration, declarations
from django_mcp.schemas.callables import documentation_of, function_of
from django_mcp.schemas.docstrings import read_docstring
from django_mcp.schemas.pages.parameters import CURSOR, LIMIT
from django_mcp.tools.declaration import ToolDeclaration


@register
def check_docstrings(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that docstrings describe parameters that their functions have."""
    return [
        Warning(
            f"{declaration.located_name}: its docstring describes {name!r}, which is no parameter"
            f"{_correction(name, parameters)}",
            hint="Correct the name in the docstring, or take the line out: agents do not read it.",
            id=CheckId.UNKNOWN_DOCSTRING_PARAMETER,
        )
        for declaration in declarations()
        for name, parameters in _unknown(declaration)
    ]


def _unknown(declaration: Declaration) -> Iterator[tuple[str, list[str]]]:
    """Yield described names that are no parameters, each with the undescribed parameters."""
    documentation = documentation_of(declaration.named_function)
    parameters = _parameters(declaration.named_function)
    if not isinstance(documentation, str) or parameters is None:
        return
    has_pages = isinstance(declaration, ToolDeclaration) and declaration.page_size
    known = {*parameters, LIMIT, CURSOR} if has_pages else {*parameters}
    described = read_docstring(documentation).names
    for name in described:
        # Docstrings may go into an object: `address.city`, `rows[].id`.
        if name.partition(".")[0].partition("[")[0].lstrip("*") not in known:
            yield name, [each for each in parameters if each not in described]


def _parameters(function: Callable[..., Any]) -> list[str] | None:
    try:
        # A partial fills some of those that the docstring of its function describes.
        signatures = [inspect.signature(each) for each in (function, function_of(function))]
    except (TypeError, ValueError):
        return None  # check_tools tells
    return list(dict.fromkeys(name for each in signatures for name in each.parameters))


def _correction(name: str, parameters: Sequence[str]) -> str:
    meant = get_close_matches(name, parameters, n=1)
    return f"; did you mean {meant[0]!r}?" if meant else "."
