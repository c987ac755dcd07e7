"""Validation of published defaults against the published schema."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from django_mcp.schemas.json_schema import JSONSchema


def invalid_defaults(schema: JSONSchema) -> Iterator[str]:
    """Yield a problem for each default that its schema refuses, at any depth."""
    definitions = schema.get("$defs", {})
    for fields in _objects(schema):
        defaults = {
            name: field["default"]
            for name, field in fields.items()
            if isinstance(field, dict) and "default" in field
        }
        if not defaults:
            continue
        validator = jsonschema_rs.Draft202012Validator({"properties": fields, "$defs": definitions})
        if validator.is_valid(defaults):
            continue
        for name, value in defaults.items():
            if not validator.is_valid({name: value}):
                yield f"the default of {name!r}, {value!r}, is none of the values that it takes"


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the properties of every object that the schema describes, at any depth."""
    match schema:
        case dict():
            fields = schema.get("properties")
            if isinstance(fields, dict):
                yield fields
            for key, value in schema.items():
                if key in ("properties", "$defs", "patternProperties"):
                    value = list(value.values())
                elif key in ("default", "enum", "const", "examples"):
                    continue
                yield from _objects(value)
        case list():
            for each in schema:
                yield from _objects(each)
