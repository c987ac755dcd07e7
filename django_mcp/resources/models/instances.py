"""Instances of a model that a caller may see, by the function of their declaration."""

from dataclasses import dataclass
from typing import Any

from django_mcp.exceptions import InvalidResultError
from django_mcp.primitives.caller_querysets import CallerQueryset
from django_mcp.schemas.input.keyword_signature import CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances(CallerQueryset):
    """Instances of a model, as far as a caller may see them."""

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
