"""Forms of MCP elicitation made from pydantic models: flat, with fields that clients can draw."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import Choices
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import override

from django_mcp.exceptions import Violation
from django_mcp.schemas.errors.argument_errors import violations_of
from django_mcp.schemas.errors.argument_paths import null_characters
from django_mcp.schemas.json_schema import JSONSchema, ReadableSchema, json_form

COMMON_KEYWORDS = frozenset(("type", "title", "description", "default"))
"""Keywords that the schema of every field may have."""

KEYWORDS: Mapping[str, frozenset[str]] = {
    "string": COMMON_KEYWORDS | {"minLength", "maxLength", "format", "enum", "oneOf"},
    "integer": COMMON_KEYWORDS | {"minimum", "maximum"},
    "number": COMMON_KEYWORDS | {"minimum", "maximum"},
    "boolean": COMMON_KEYWORDS,
    "array": COMMON_KEYWORDS | {"items", "minItems", "maxItems"},
}
FORMATS = frozenset(("email", "uri", "date", "date-time"))


class FormSchema(ReadableSchema):
    """JSON Schema generator of forms, in which a field that may be None is optional."""

    @override
    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Return the schema of the type inside: an absent field stands for None."""
        return self.generate_inner(schema["schema"])

    @override
    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema without a default of null."""
        rendered = super().default_schema(schema)
        if rendered.get("default", ...) is None:
            del rendered["default"]
        return rendered

    @override
    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        """Return an `enum`, also for a single value."""
        rendered = super().literal_schema(schema)
        if "const" in rendered:
            rendered["enum"] = [rendered.pop("const")]
        return rendered

    @override
    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Return an `enum`, or titled options for Django's choices."""
        rendered = super().enum_schema(schema)
        rendered.pop("title", None)  # the name of a class
        if "const" in rendered:
            rendered["enum"] = [rendered.pop("const")]
        if issubclass(schema["cls"], Choices):  # Django's have words for people
            del rendered["enum"]
            rendered["oneOf"] = [
                {"const": member.value, "title": str(member.label)} for member in schema["members"]
            ]
        return rendered


@lru_cache(maxsize=1000)  # models may be made for one call
def form_of(model: Any) -> JSONSchema:
    """Return the form for an instance of `model`, as `requestedSchema` of MCP elicitation.

    Raises `TypeError` with the names of all fields that no form can have.
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{model!r} is no pydantic model, so no form can be made of it")
    try:
        _, schema = json_form(model, mode="validation", generator=FormSchema)
    except ValueError as error:
        raise TypeError(f"{model.__qualname__} has no form: {error}") from error
    definitions = schema.get("$defs", {})
    fields = {
        name: _field(_resolved(field, definitions))
        for name, field in schema.get("properties", {}).items()
    }
    if wrong := [name for name, field in fields.items() if not _is_drawable(field)]:
        raise TypeError(
            f"{model.__qualname__} has fields that no form can have: {', '.join(wrong)}; "
            "there are strings (also with the format of an e-mail address, URL, date or date and "
            "time), numbers, booleans, and one or several of given strings"
        )
    form: JSONSchema = {"type": "object", "properties": fields}
    return {**form, "required": schema["required"]} if "required" in schema else form


def read_form(model: type[BaseModel], content: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the content of a form as an instance of `model`, or None and errors for the user."""
    properties = form_of(model)["properties"]
    filled = {
        name: _number(value, properties[name])
        for name, value in content.items()
        if name in properties and value is not None
    }
    if nulls := null_characters(filled):
        return None, _listed(nulls)
    try:
        return model.model_validate_json(json.dumps(filled), strict=True), ""
    except ValidationError as error:
        # The errors of a model's own validators are for the user, who sees no values but
        # theirs.
        words = [
            Violation(path="", reason=str(details["ctx"]["error"]))
            for details in error.errors(include_url=False, include_input=False)
            if details["type"] == "value_error"
        ]
        return None, _listed([*violations_of(error, filled), *words])


def _resolved(field: JSONSchema, definitions: Mapping[str, JSONSchema]) -> JSONSchema:
    name = str(field.get("$ref", "")).rpartition("/")[2]
    return {**definitions.get(name, {}), **{k: v for k, v in field.items() if k != "$ref"}} | (
        {"items": _resolved(field["items"], definitions)} if "items" in field else {}
    )


def _field(schema: JSONSchema) -> JSONSchema:
    items = schema.get("items", {})
    # What the options of a list are called depends on whether they have titles.
    return {**schema, "items": {"anyOf": items["oneOf"]}} if "oneOf" in items else schema


def _is_drawable(field: JSONSchema) -> bool:
    kind = str(field.get("type"))
    if kind not in KEYWORDS or not field.keys() <= KEYWORDS[kind]:
        return False
    if kind == "array":
        items = field.get("items", {})
        return "anyOf" in items or ("enum" in items and items.get("type") == "string")
    return field.get("format", "date") in FORMATS


def _number(value: Any, field: JSONSchema) -> Any:
    """Convert 1.0 to 1 where an integer is wanted: many clients know floats alone."""
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole and field["type"] == "integer" else value


def _listed(violations: Iterable[Violation]) -> str:
    return "\n".join(f"- {v.path}: {v.reason}" if v.path else f"- {v.reason}" for v in violations)
