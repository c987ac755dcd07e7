"""Querysets of a project that hold what a caller may see."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, Model, QuerySet

from django_mcp.exceptions import InvalidResultError
from django_mcp.primitives.caller_functions import CallerFunction, read_caller_function
from django_mcp.principals import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerQueryset:
    """Rows of a model, as far as a caller may see them, by the function of a declaration."""

    model: type[Model]
    queryset: CallerFunction

    def visible_to(self, principal: Principal) -> QuerySet[Any]:
        """Return the queryset for a caller. Raises what the project's function raises."""
        found = self.queryset.call(principal)
        found = found.all() if isinstance(found, Manager) else found
        if not isinstance(found, QuerySet) or not issubclass(found.model, self.model):
            raise InvalidResultError(
                f"{self.queryset.name} returned {_described(found)}, and not a queryset of "
                f"{self.model.__name__}"
            )
        return found


def read_queryset_function(function: Any) -> CallerFunction:
    """Return the function of an option `queryset`. Raises `ValueError` for its author."""
    return read_caller_function(
        function,
        option="queryset",
        wanted="user, principal or nothing",
        returns="a queryset",
        needs_caller=False,
    )


def _described(value: Any) -> str:
    if isinstance(value, QuerySet):
        return f"a queryset of {value.model.__name__}"
    return f"a {type(value).__name__}"
