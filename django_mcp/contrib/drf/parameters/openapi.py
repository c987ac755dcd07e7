"""Query parameters and schemas of OpenAPI 3.0, as filter backends and paginators describe them."""

from collections.abc import Mapping
from typing import Any

from django_mcp.contrib.drf.parameters.parameter import QueryParameter, joined
from django_mcp.schemas.forms.fields import texts_of
from django_mcp.schemas.json_schema import JSONSchema

OPENAPI_KEYWORDS = frozenset(
    ("discriminator", "example", "examples", "externalDocs", "nullable", "xml")
)
"""Keywords of OpenAPI that mean nothing in JSON Schema, or have another form there."""

DELIMITERS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def query_parameter(parameter: Mapping[str, Any]) -> QueryParameter | None:
    """Return the query parameter that an operation describes; None for one of the path or so."""
    if parameter.get("in") != "query":
        return None
    schema = json_schema(parameter.get("schema", {}))
    if description := str(parameter.get("description") or ""):
        schema = {**schema, "description": description}
    style = parameter.get("style", "form")
    is_exploded = parameter.get("explode", style == "form")
    is_list = schema.get("type") == "array" and not is_exploded
    return QueryParameter(
        name=str(parameter["name"]),
        schema=schema,
        is_required=bool(parameter.get("required", False)),
        encode=joined(DELIMITERS.get(style, ",")) if is_list else texts_of,
    )


def json_schema(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 in JSON Schema; a reference to a component says nothing."""
    if isinstance(schema, list):
        return [json_schema(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return {}
    converted: JSONSchema = {
        key: _converted(key, value) for key, value in schema.items() if key not in OPENAPI_KEYWORDS
    }
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if not isinstance(converted.get(exclusive), bool):
            continue
        if converted.pop(exclusive) and bound in converted:
            converted[exclusive] = converted.pop(bound)
    return nullable(converted) if schema.get("nullable") else converted


def nullable(schema: JSONSchema) -> JSONSchema:
    """Return the schema that takes null as well."""
    if not isinstance(schema.get("type"), str):
        return {"anyOf": [schema, {"type": "null"}]} if schema else schema
    widened = {**schema, "type": [schema["type"], "null"]}
    return {**widened, "enum": [*schema["enum"], None]} if "enum" in schema else widened


def _converted(key: str, value: Any) -> Any:
    if key in ("properties", "patternProperties") and isinstance(value, Mapping):
        return {name: json_schema(each) for name, each in value.items()}
    if key in ("default", "enum", "const", "required"):
        return value
    return json_schema(value) if isinstance(value, Mapping | list) else value
