"""Conversion of arguments that clients can send only as strings, such as those of prompts."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from django_mcp.conf import settings
from django_mcp.schemas.input.signature import FORMATS
from django_mcp.schemas.json_schema import JSONSchema

NEVER_EMPTY: dict[str, Callable[..., bool]] = dict.fromkeys(FORMATS, bool)
"""Formats with a check that refuses the empty string."""


def from_strings(arguments: Mapping[str, Any], schema: JSONSchema) -> dict[str, Any]:
    """Return arguments as their properties in the schema want them.

    A string that the property takes stays as it is; another becomes the JSON value that it spells,
    if the property takes that: `5` where an integer is wanted, `true` for a boolean. The rest is
    left to validation, which refuses it: as the value that it spells, where no string is wanted.
    Elements of lists are converted likewise.

    An empty string is left out if its property may be, and takes none: forms send every field.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    optional = properties.keys() - set(schema.get("required", ()))
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    converted = {}
    for name, value in arguments.items():
        wanted = {**definitions, **properties.get(name, {})}
        if value != "" or name not in optional or _takes_empty(wanted):
            converted[name] = _converted(value, wanted)
    return converted


def with_objects(arguments: Mapping[str, Any], schema: JSONSchema) -> dict[str, Any]:
    """Return arguments as they came, but for strings that stand for objects or lists: those."""
    converted = from_strings(arguments, schema)
    return {
        name: converted[name] if isinstance(converted.get(name), dict | list) else value
        for name, value in arguments.items()
    }


def _converted(value: Any, schema: JSONSchema) -> Any:
    if _takes(schema, value):
        return value
    if isinstance(value, list):
        return [_converted(each, _item_schema(schema)) for each in value]
    spelled = _spelled(value) if isinstance(value, str) else value
    return spelled if _takes(schema, spelled) or not _takes_strings(schema) else value


def _item_schema(schema: JSONSchema) -> JSONSchema:
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    lists = [each["items"] for each in (schema, *schema.get("anyOf", ())) if "items" in each]
    return {**definitions, **lists[0]} if lists and isinstance(lists[0], dict) else {}


def _spelled(text: str) -> Any:
    # The limit of a body counts nothing that stands in its strings.
    if sum(map(text.count, "[{,")) > settings.MAX_REQUEST_ITEMS:
        return text
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


def _takes_empty(schema: JSONSchema) -> bool:
    return jsonschema_rs.is_valid(schema, "", formats=NEVER_EMPTY, validate_formats=True)


def _takes_strings(schema: JSONSchema) -> bool:
    """Return whether some string may be valid, by what the schema says of types."""
    if "type" in schema:
        types = schema["type"]
        return "string" in ([types] if isinstance(types, str) else types)
    if "enum" in schema:
        return any(isinstance(each, str) for each in schema["enum"])
    if "anyOf" in schema:
        return any(map(_takes_strings, schema["anyOf"]))
    return not isinstance(schema.get("const", ""), int | float)
