"""Annotations of drf-spectacular. No other module imports that package."""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drf_spectacular.drainage import get_override
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type, is_basic_type
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, OpenApiResponse
from rest_framework.exceptions import APIException
from rest_framework.fields import Field, SerializerMethodField, empty

from django_mcp.contrib.drf.schemas.annotated_types import rendered_type
from django_mcp.schemas.json_schema import JSONSchema

JSON_MEDIA_TYPE = "application/json"

FORMATS = ("date", "date-time", "email", "ipv4", "ipv6", "time", "uri", "uuid")
"""Formats of requests that are published; others are judged in different ways."""

IGNORED = ("discriminator", "example", "examples", "externalDocs", "readOnly", "writeOnly", "xml")
"""Keywords of OpenAPI that say nothing of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Documented query parameter of an operation."""

    name: str
    schema: JSONSchema
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Operation as `extend_schema` describes it; `empty` stands for what it leaves out.

    Request and response are a serializer or field, a JSON Schema, or None for no body.
    `serializers` are those whose fields are query parameters.
    """

    description: str
    request: Any
    response: Any
    parameters: tuple[Parameter, ...]
    serializers: tuple[Any, ...]


def documented_field(field: Any, *, is_response: bool) -> Any:
    """Return the documented JSON Schema of a field, or a field that it is like; None without."""
    documented = get_override(field, "field")
    if documented is None and isinstance(field, SerializerMethodField):
        method = getattr(field.parent, field.method_name or "", None)
        documented = get_override(method, "field")
    if documented is None:
        return None
    found = _body(documented, is_response=is_response)
    return None if found is empty else found


def excluded_names(serializer: Any) -> frozenset[str]:
    """Return the names of the fields that the documentation leaves out."""
    return frozenset(get_override(serializer, "exclude_fields", []))


def documented_operation(view: Any, method: str) -> Operation | None:
    """Return what is documented of a view's operation; None where nothing is."""
    action = getattr(view, getattr(view, "action", None) or method.lower(), None)
    schema = getattr(action, "kwargs", {}).get("schema") or view.schema
    cls = schema if inspect.isclass(schema) else type(schema)
    if not issubclass(cls, AutoSchema) or cls is AutoSchema:
        return None
    # It stands between the annotations and what spectacular would find out by itself.
    annotated: Any = type("Annotated", (cls, _Unannotated), {})()
    annotated.view = view
    annotated.method = method.upper()
    try:
        request = annotated.get_request_serializer()
        response = annotated.get_response_serializers()
        description = annotated.get_description() or annotated.get_summary() or ""
        parameters = annotated.get_override_parameters()
    except APIException:  # of a version that the request does not name
        return None
    parameters = list(parameters.values() if isinstance(parameters, Mapping) else parameters)
    shown = [each for each in parameters if _is_query_parameter(each)]
    operation = Operation(
        description=str(description),
        request=request if request is empty else _request(request),
        response=response if response is empty else _response(response),
        parameters=tuple(map(_parameter, shown)),
        serializers=tuple(
            _instance(each) for each in parameters if not isinstance(each, OpenApiParameter)
        ),
    )
    nothing = Operation(
        description="", request=empty, response=empty, parameters=(), serializers=()
    )
    return None if operation == nothing else operation


class _Unannotated(AutoSchema):
    """Schema that says nothing of its own accord."""

    def get_request_serializer(self) -> Any:
        return empty

    def get_response_serializers(self) -> Any:
        return empty

    def get_override_parameters(self) -> list[Any]:
        return []

    def get_description(self) -> str:
        return ""

    def get_summary(self) -> str | None:
        return None


def _request(documented: Any) -> Any:
    if isinstance(documented, Mapping) and documented:
        first = next(iter(documented.values()))
        documented = documented.get(JSON_MEDIA_TYPE, first)
    if isinstance(documented, OpenApiRequest):
        documented = documented.request
    return _body(documented, is_response=False)


def _response(documented: Any) -> Any:
    if isinstance(documented, Mapping):
        bodies: dict[int, Any] = {}
        for key, body in documented.items():
            code = str(int(key[0]) if isinstance(key, tuple) else key)
            if code.isdecimal() and 200 <= int(code) < 300:
                bodies.setdefault(int(code), body)
        if not bodies:
            return empty
        documented = bodies[min(bodies)]
    if isinstance(documented, OpenApiResponse):
        documented = documented.response
    return _body(documented, is_response=True)


def _body(documented: Any, *, is_response: bool) -> Any:
    """Return a serializer, a field or a JSON Schema; `empty` for what has none of these."""
    documented = _instance(documented)
    if documented is None or isinstance(documented, Field):
        return documented
    if isinstance(documented, Mapping):
        schema = _converted(documented, is_response=is_response)
        return empty if schema is None else schema
    if is_basic_type(documented):
        basic = build_basic_type(documented)
        return None if basic is None else _converted(basic, is_response=is_response)
    schema = rendered_type(documented)
    return empty if schema is None else schema


def _instance(documented: Any) -> Any:
    is_field = inspect.isclass(documented) and issubclass(documented, Field)
    return documented() if is_field else documented


def _is_query_parameter(parameter: Any) -> bool:
    return (
        isinstance(parameter, OpenApiParameter)
        and parameter.location == OpenApiParameter.QUERY
        and not parameter.exclude
        and not parameter.response
    )


def _parameter(parameter: OpenApiParameter) -> Parameter:
    found = _body(parameter.type, is_response=False)
    schema: JSONSchema = dict(found) if isinstance(found, dict) else {"type": "string"}
    if parameter.enum:
        schema["enum"] = [
            str(each) if schema.get("type") == "string" else each for each in parameter.enum
        ]
    if parameter.many:
        schema = {"type": "array", "items": schema}
    if parameter.description:
        schema["description"] = str(parameter.description)
    return Parameter(name=parameter.name, schema=schema, is_required=bool(parameter.required))


def _converted(schema: Mapping[str, Any], *, is_response: bool) -> JSONSchema | None:
    """Return the JSON Schema of OpenAPI's dialect; None with references into its document."""
    if "$ref" in schema:
        return None
    converted: JSONSchema = {}
    for key, value in schema.items():
        if key in IGNORED or key == "nullable" or str(key).startswith("x-"):
            continue
        if key == "format" and (is_response or value not in FORMATS):
            continue
        part = _converted_part(value, key, is_response=is_response)
        if part is None and value is not None:
            return None
        converted[str(key)] = part
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if converted.get(exclusive) is True:
            converted[exclusive] = converted.pop(bound, None)
        elif converted.get(exclusive) is False:
            del converted[exclusive]
    if schema.get("nullable"):
        return {"anyOf": [converted, {"type": "null"}]}
    return converted


def _converted_part(value: Any, key: str, *, is_response: bool) -> Any:
    def converted(part: Any) -> Any:
        is_schema = isinstance(part, Mapping)  # `true` and `false` are schemas too
        return _converted(part, is_response=is_response) if is_schema else part

    match key:
        case "properties" | "patternProperties" if isinstance(value, Mapping):
            parts = {name: converted(part) for name, part in value.items()}
            return None if None in parts.values() else parts
        case "anyOf" | "oneOf" | "allOf" | "prefixItems" if isinstance(value, Iterable):
            listed = [converted(part) for part in value]
            return None if None in listed else listed
        case "items" | "additionalProperties" | "not":
            return converted(value)
        case "description" | "title":
            return str(value)
    return value
