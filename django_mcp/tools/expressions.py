"""Database expressions that a model instance holds in the place of a value."""

from typing import Any

from django.db.models import Model

from django_mcp.exceptions import InvalidResultError


def check_value(instance: Model, name: str, value: Any) -> None:
    """Raise `InvalidResultError` for what is assigned to be computed by the database, as `F()`.

    The instance does not know what came of it: only a row that is read again does.
    """
    if hasattr(value, "resolve_expression"):
        raise InvalidResultError(
            f"the field {name!r} of the returned {type(instance).__name__} is not a value but the "
            f"expression {value!r}: call refresh_from_db() after save()"
        )
