"""Instances of a model that a caller may see, by the function of their declaration."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, Model, QuerySet

from django_mcp.exceptions import InvalidResultError
from django_mcp.primitives.caller_functions import CallerFunction
from django_mcp.principals import Principal
from django_mcp.resources.sources.resource import CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """Instances of a model, as far as a caller may see them."""

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

    def get(self, **arguments: Any) -> Any:
        """Return the instance with these values of its look-ups.

        Raises `DoesNotExist` for one that is missing, and for one that the caller may not see.
        """
        principal = arguments.pop(CONTEXT).principal
        found = self.visible_to(principal).get(**arguments)
        if not isinstance(found, self.model):  # `resources/list` could not show a row of values()
            raise InvalidResultError(
                f"{self.queryset.name} returned a queryset of {type(found).__name__}, and not of "
                f"{self.model.__name__}"
            )
        return found


def _described(value: Any) -> str:
    if isinstance(value, QuerySet):
        return f"a queryset of {value.model.__name__}"
    return f"a {type(value).__name__}"
