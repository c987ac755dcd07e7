"""Conversion of arguments that clients can send only as strings, such as those of prompts."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from django_mcp.schemas.json_schema import JSONSchema


def from_strings(arguments: Mapping[str, Any], schema: JSONSchema) -> dict[str, Any]:
    """Return arguments as their properties in the schema want them.

    A string that the property takes stays as it is; another becomes the JSON value that it spells,
    if the property takes that: `5` where an integer is wanted, `true` for a boolean. The rest is
    left to validation, which refuses it. Elements of lists are converted likewise.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {
        name: _converted(value, {**definitions, **properties.get(name, {})})
        for name, value in arguments.items()
    }


def _converted(value: Any, schema: JSONSchema) -> Any:
    candidates = [value]
    if isinstance(value, str):
        candidates.append(_spelled(value))
    elif isinstance(value, list):
        candidates.append([_spelled(each) for each in value])
    for candidate in candidates:
        if _takes(schema, candidate):
            return candidate
    return value


def _spelled(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Python's own spelling, of people who write an argument by hand.
        return {"True": True, "False": False}.get(text, text)


def _takes(schema: JSONSchema, value: Any) -> bool:
    try:
        return jsonschema_rs.is_valid(schema, value)
    except ValueError:  # lone surrogates, or too deep
        return False
