"""Completers of the variables of a model's URIs, by the instances that the caller may see."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from django_mcp.completions.completer import Completer
from django_mcp.principals import Principal
from django_mcp.resources.models.instances import Instances


def instance_completers(instances: Instances, variables: Iterable[str]) -> dict[str, Completer]:
    """Return the completers of variables, which are look-ups of the model."""
    return {
        name: Completer(
            function=partial(_values, instances, name),
            name=name,
            takes=frozenset({"principal", "arguments"}),
            is_async=False,
        )
        for name in variables
    }


def _values(
    instances: Instances, name: str, *, principal: Principal, arguments: Mapping[str, Any]
) -> Any:
    """Return the values of a look-up among the instances with the other variables so far."""
    rows = instances.visible_to(principal)
    if others := {key: value for key, value in arguments.items() if key != name}:
        try:
            rows = rows.filter(**others)
        except (TypeError, ValueError, ValidationError):  # one that no instance can have
            return []
    return rows.values_list(name, flat=True)
