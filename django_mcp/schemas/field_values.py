"""Values of model fields that may be database expressions."""

from typing import Any

from django.db.models import Model, Value

from django_mcp.exceptions import InvalidResultError


def stored_value(instance: Model, name: str, value: Any) -> Any:
    """Return the value of a field; of a `Value()`, such as the JSON null, the value inside.

    Raises `InvalidResultError` for an expression that the database computes, such as `F()`: the
    instance does not hold the result until it is read again.
    """
    if isinstance(value, Value):
        return value.value
    if hasattr(value, "resolve_expression"):
        raise InvalidResultError(
            f"field {name!r} of {type(instance).__name__} holds the expression {value!r}: "
            "call refresh_from_db() after saving it"
        )
    return value
