"""Outputs of functions that return JSON: of a given schema, or of none."""

from dataclasses import replace
from typing import Any

import jsonschema_rs
from typing_extensions import override

from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.output import (
    WRAPPER,
    DataOutput,
    Rendered,
    UndeclaredOutput,
    is_object,
    wrapped,
)
from django_mcp.schemas.output.serialization import Serializer


class JSONOutput(DataOutput):
    """Output of JSON that a schema describes, and no annotation. What breaks it is not sent."""

    def __init__(self, schema: JSONSchema) -> None:
        self.is_wrapped = not is_object(schema)
        self.schema = wrapped(schema) if self.is_wrapped else {"type": "object", **schema}
        jsonschema_rs.Draft202012Validator(self.schema)  # reports an invalid schema before any call
        self._serializer = Serializer(Any, has_datetimes=False)


class OpenOutput(UndeclaredOutput):
    """Output of content, or of JSON that no schema describes: an object is structured content."""

    @override
    def _shown(self, rendered: Rendered) -> Rendered:
        value = (rendered.structured or {}).get(WRAPPER)
        return replace(rendered, structured=value if isinstance(value, dict) else None)
