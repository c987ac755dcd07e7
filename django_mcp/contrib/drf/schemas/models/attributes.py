"""JSON Schema of attributes of models that are rendered as they are."""

from typing import Any

from django_mcp.contrib.drf.schemas.annotated_types import rendered_type
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.models.fields import resolve_path

CHOICES = ("enum", "description")


def attribute_schema(model: Any, path: str) -> JSONSchema | None:
    """Return the schema of what a path such as `owner__name` leads to; None if nothing says it."""
    try:
        annotation = resolve_path(model, path).read_type()
    except ValueError:
        return None
    schema = rendered_type(annotation)
    return None if schema is None else _without_choices(schema)


def _without_choices(schema: JSONSchema) -> JSONSchema:
    """Return the schema without the choices of a column: it may hold others."""
    rest = {key: value for key, value in schema.items() if key not in CHOICES}
    if "anyOf" in rest:
        rest["anyOf"] = [_without_choices(each) for each in rest["anyOf"]]
    return rest
