"""Annotations of views by drf-spectacular, where the project has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

from rest_framework.fields import empty
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from django_mcp.contrib.drf.declaration import UNSET, Unset
from django_mcp.contrib.drf.parameters.parameter import QueryParameter
from django_mcp.contrib.drf.schemas.documentation.fields import HAS_SPECTACULAR, OPENAPI
from django_mcp.contrib.drf.schemas.serializers import input_schema
from django_mcp.schemas.json_schema import JSONSchema

Body: TypeAlias = BaseSerializer | JSONSchema | Unset | None
"""A serializer, a JSON Schema for what is documented without one, None for no body, or UNSET."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """Annotations of one operation of a view; an empty description says nothing."""

    description: str
    request: Body
    response: Body
    parameters: Sequence[QueryParameter]


def annotations_of(view: APIView, method: str) -> Annotations | None:
    """Return the annotations of a view's operation under an HTTP method; None without any."""
    if not HAS_SPECTACULAR:
        return None
    found = import_module(OPENAPI).documented_operation(view, method)
    if found is None:
        return None
    parameters = [
        QueryParameter(name=each.name, schema=each.schema, is_required=each.is_required)
        for each in found.parameters
    ]
    for serializer in found.serializers:
        schema = input_schema(serializer)
        parameters += [
            QueryParameter(name=name, schema=each, is_required=name in schema.get("required", ()))
            for name, each in schema.get("properties", {}).items()
        ]
    return Annotations(
        description=found.description,
        request=_body(found.request),
        response=_body(found.response),
        parameters=tuple(parameters),
    )


def _body(documented: Any) -> Body:
    if documented is empty:
        return UNSET
    is_body = documented is None or isinstance(documented, dict | BaseSerializer)
    return documented if is_body else UNSET
