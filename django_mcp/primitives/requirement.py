"""Requirements: the predicates over callers that `requires` names."""

from dataclasses import dataclass, fields
from typing import Any

from django_mcp.primitives.caller_functions import CallerFunction, read_caller_function
from django_mcp.principals import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement(CallerFunction):
    """Predicate over callers. Requirements that call the same function are equal."""

    def is_met_by(self, principal: Principal) -> bool:
        """Return the verdict of the predicate, which may query. Raises what it raises."""
        return bool(self.call(principal))


def read_requirement(function: Any) -> Requirement:
    """Return the requirement of a function. Raises `ValueError` for the author of the tool."""
    read = read_caller_function(
        function,
        option="requires",
        wanted="one argument, named user or principal",
        returns="a bool",
    )
    return Requirement(**{each.name: getattr(read, each.name) for each in fields(read)})
