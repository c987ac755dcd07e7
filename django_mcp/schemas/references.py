"""Inlining of references (`$ref` into `$defs`) in a JSON Schema.

Hosts differ in what they make of `$defs`: several drop them, and the model never sees the enum or
the object that a parameter is.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from django_mcp.schemas.json_schema import JSONSchema

MAX_GROWTH = 2
"""Factor by which inlining may enlarge a schema."""

SMALL_BYTES = 8 * 1024
"""Size in bytes up to which a schema may grow by any factor."""

PREFIX = "#/$defs/"
SCHEMAS = (
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
SCHEMAS_BY_NAME = ("dependentSchemas", "patternProperties", "properties")
ANNOTATIONS = {
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
}
"""Keywords that assert nothing: beside a reference they replace those of what it refers to.

Of the description both are kept: that of a definition may say what the values of an enum mean.
"""

RELATIVE = ("$anchor", "$defs", "$dynamicAnchor", "$dynamicRef", "$id")
"""Keywords whose meaning depends on their place in a schema."""


def inlined(schema: JSONSchema) -> JSONSchema:
    """Return the same schema with as few references as possible.

    Recursive definitions stay in `$defs`. Where writing out all others makes the schema too large,
    the smallest are written out, as many as fit.
    """
    definitions: Mapping[str, JSONSchema] = schema.get("$defs", {})
    root = {key: value for key, value in schema.items() if key != "$defs"}
    if not definitions or not _is_plain(root, definitions):
        return schema
    uses = {name: list(_names(each)) for name, each in definitions.items()}
    finite = {name for name in definitions if not _is_reached(name, uses[name], uses)}
    limit = max(MAX_GROWTH * _size(schema), SMALL_BYTES)
    if _grown(root, definitions, finite) > limit:
        smallest_first = sorted(finite, key=lambda name: (_size(definitions[name]), name))
        finite = set()
        for name in smallest_first:
            if _grown(root, definitions, finite | {name}) <= limit:
                finite.add(name)

    @cache
    def written_out(name: str) -> JSONSchema:
        return write_out(definitions[name])

    def write_out(part: JSONSchema) -> JSONSchema:
        rest = _mapped(part, write_out)
        name = _name(part)
        if name not in finite:
            return rest
        beside = {key: value for key, value in rest.items() if key != "$ref"}
        if beside.keys() <= ANNOTATIONS:
            return _annotated(written_out(name), beside)
        return {"allOf": [written_out(name)], **beside}

    whole = write_out(root)
    remaining = {name: written_out(name) for name in definitions if name not in finite}
    return {**whole, "$defs": remaining} if remaining else whole


def _annotated(definition: JSONSchema, beside: JSONSchema) -> JSONSchema:
    found = [each["description"] for each in (beside, definition) if "description" in each]
    description = {"description": "\n".join(dict.fromkeys(found))} if found else {}
    return {**definition, **beside, **description}


def _is_plain(root: JSONSchema, definitions: Mapping[str, JSONSchema]) -> bool:
    """Return whether all references name definitions, and no keyword depends on its place."""
    return all(isinstance(each, dict) for each in definitions.values()) and all(
        ("$ref" not in part or _name(part) in definitions)
        and not any(keyword in part for keyword in RELATIVE)
        for schema in (root, *definitions.values())
        for part in _parts(schema)
    )


def _grown(root: JSONSchema, definitions: Mapping[str, JSONSchema], finite: set[str]) -> int:
    """Return the size after inlining `finite`, without inlining them."""

    @cache
    def size_of(name: str) -> int:
        return total(definitions[name])

    def total(part: JSONSchema) -> int:
        named = [name for name in _names(part) if name in finite]
        return _size(part) + sum(size_of(name) - len(PREFIX) - len(name) for name in named)

    return total(root) + sum(size_of(name) for name in definitions if name not in finite)


def _is_reached(goal: str, start: Iterable[str], uses: Mapping[str, list[str]]) -> bool:
    pending, seen = list(start), set()
    while pending:
        name = pending.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            pending.extend(uses[name])
    return False


def _names(schema: JSONSchema) -> Iterator[str]:
    """Yield the name of each reference in a schema, with repetitions."""
    for part in _parts(schema):
        if name := _name(part):
            yield name


def _name(schema: JSONSchema) -> str:
    """Return the name of the definition that the schema refers to, or an empty string."""
    reference = str(schema.get("$ref", ""))
    return reference.removeprefix(PREFIX) if reference.startswith(PREFIX) else ""


def _parts(schema: JSONSchema) -> Iterator[JSONSchema]:
    """Yield the schema itself and every schema within, but for definitions."""
    found = [schema]

    def note(part: JSONSchema) -> JSONSchema:
        found.append(part)
        return part

    while found:
        part = found.pop()
        yield part
        _mapped(part, note)


def _mapped(schema: JSONSchema, change: Callable[[JSONSchema], JSONSchema]) -> JSONSchema:
    """Return the schema with `change` applied to each direct subschema; booleans stay."""

    def changed(part: Any) -> Any:
        return change(part) if isinstance(part, dict) else part

    result = dict(schema)
    for key, value in schema.items():
        if key in SCHEMAS:
            result[key] = changed(value)
        elif key in LISTS_OF_SCHEMAS and isinstance(value, list):
            result[key] = [changed(part) for part in value]
        elif key in SCHEMAS_BY_NAME and isinstance(value, dict):
            result[key] = {name: changed(part) for name, part in value.items()}
    return result


def _size(schema: JSONSchema) -> int:
    return len(json.dumps(schema, separators=(",", ":")))
