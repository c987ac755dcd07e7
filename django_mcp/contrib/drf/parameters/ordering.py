"""Query parameter of an `OrderingFilter` of Django REST framework."""

from typing import Any

from rest_framework.filters import OrderingFilter
from rest_framework.views import APIView

from django_mcp.contrib.drf.parameters.introspection import queryset_of
from django_mcp.contrib.drf.parameters.parameter import QueryParameter
from django_mcp.db.refused_queries import answer_of
from django_mcp.schemas.json_schema import JSONSchema


def ordering_parameter(backend: OrderingFilter, view: APIView) -> QueryParameter | None:
    """Return the parameter, whose values are all those that the backend applies.

    It leaves out in silence what it does not know, so that no other value may pass. None where no
    field is allowed. A backend that knows its fields only when it is asked takes any text.
    """
    queryset = queryset_of(view)
    context = {"request": getattr(view, "request", None)}
    fields = answer_of(lambda: list(backend.get_valid_fields(queryset, view, context)))
    schema: JSONSchema = {"type": "string"}
    if fields is not None:
        names = dict.fromkeys(str(name) for name, _ in fields)
        if not names:
            return None
        schema["enum"] = [term for name in names for term in (name, f"-{name}")]
    schema["description"] = _description(backend, view)
    return QueryParameter(name=backend.ordering_param, schema=schema)


def _description(backend: OrderingFilter, view: APIView) -> str:
    words = str(backend.ordering_description)
    default: Any = answer_of(lambda: backend.get_default_ordering(view))
    if isinstance(default, list | tuple) and all(isinstance(each, str) for each in default):
        return f"{words} Default: {', '.join(default)}." if default else words
    return words
