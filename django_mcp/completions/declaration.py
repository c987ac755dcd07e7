"""Base class of the declarations whose arguments can be completed, with the option for it."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from django_mcp.primitives.declaration import Declaration

if TYPE_CHECKING:  # declarations are made while models load
    from django.db.models import QuerySet


@dataclass(frozen=True)
class CompletableDeclaration(Declaration):
    """Declaration of a resource or a prompt, whose arguments clients complete."""

    _: KW_ONLY
    complete: "Mapping[str, Callable[..., Any] | QuerySet[Any]] | None" = None
    """Completions of arguments by their names: a queryset, or a function, sync or async, that takes
    any of `value`, `arguments`, `user` and `principal` and returns a queryset or values. Enums,
    literals, choices and booleans need none. See [Completions](completions.md)."""
