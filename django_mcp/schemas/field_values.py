"""Database expressions that a model instance holds in the place of a value."""

from typing import Any

from django.db.models import Model, Value

from django_mcp.exceptions import InvalidResultError


def stored_value(instance: Model, name: str, value: Any) -> Any:
    """The value of a field; that of a `Value()`, such as the JSON null, is what stands in it.

    Raises `InvalidResultError` for what is assigned to be computed by the database, as `F()`: the
    instance does not know what came of it, only a row that is read again does.
    """
    if isinstance(value, Value):
        return value.value
    if hasattr(value, "resolve_expression"):
        raise InvalidResultError(
            f"field {name!r} of {type(instance).__name__} holds the expression {value!r}: "
            "call refresh_from_db() after saving it"
        )
    return value
