"""JSON Schema of the types that methods of serializers and fields are annotated with."""

import inspect
from collections.abc import Callable
from typing import Any

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import override

from django_mcp.schemas.annotations import each_type_hint
from django_mcp.schemas.json_schema import InputSchema, JSONSchema, OutputSchema, json_form
from django_mcp.schemas.references import inlined

DATA_POSITION = 1
"""Position of the data among the parameters of `to_internal_value`, behind `self`."""


class RenderedSchema(OutputSchema):
    """JSON Schema generator of values as REST framework's JSON encoder writes them."""

    @override
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Return the schema of a number."""
        return {"type": "number"}

    @override
    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """Return the schema of a string: without a time zone, it has not the format."""
        return {"type": "string"}

    @override
    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        """Return the schema of a string without a format."""
        return {"type": "string"}


def rendered_type(annotation: Any) -> JSONSchema | None:
    """Return the schema of rendered values of a type; None if it has no form in JSON."""
    return _form(annotation, is_rendered=True)


def returned_type(method: Callable[..., Any]) -> JSONSchema | None:
    """Return the schema of what a method returns, once rendered; None if it does not say so."""
    hints = each_type_hint(method)
    return rendered_type(hints["return"]) if "return" in hints else None


def accepted_type(method: Callable[..., Any]) -> JSONSchema | None:
    """Return the schema of the data that a `to_internal_value` takes; None if it does not say."""
    names = list(inspect.signature(method).parameters)
    hints = each_type_hint(method)
    name = names[DATA_POSITION] if len(names) > DATA_POSITION else ""
    return _form(hints[name], is_rendered=False) or None if name in hints else None


def _form(annotation: Any, *, is_rendered: bool) -> JSONSchema | None:
    if isinstance(annotation, ValueError):  # it names what only a type checker imports
        return None
    try:
        _, schema = json_form(
            annotation,
            mode="serialization" if is_rendered else "validation",
            generator=RenderedSchema if is_rendered else InputSchema,
        )
    except ValueError:
        return None
    schema = inlined(schema)
    return None if "$defs" in schema else schema  # of a type that contains itself
