"""Pages of list actions: their query parameters, their schema, and links as arguments."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rest_framework.generics import GenericAPIView
from rest_framework.pagination import (
    BasePagination,
    CursorPagination,
    LimitOffsetPagination,
    PageNumberPagination,
)
from rest_framework.views import APIView

from django_mcp.contrib.drf.parameters.openapi import json_schema, query_parameter
from django_mcp.contrib.drf.parameters.parameter import QueryParameter
from django_mcp.db.refused_queries import answer_of
from django_mcp.schemas.json_schema import JSONSchema

LINKS = ("next", "previous")


def pagination_parameters(view: APIView) -> Sequence[QueryParameter]:
    """Return the query parameters of the view's paginator; none where it makes no pages."""
    paginator = getattr(view, "paginator", None)
    if paginator is None or _makes_pages(paginator, view) is False:
        return ()
    describe = getattr(paginator, "get_schema_operation_parameters", None)
    described = [] if describe is None else answer_of(lambda: list(describe(view))) or []
    parameters = [query_parameter(each) for each in described if each.get("name")]
    return [_limited(each, paginator) for each in parameters if each is not None]


def page_schema(view: APIView, rows: JSONSchema) -> JSONSchema | None:
    """Return the schema of a response with the array `rows`: that itself where nothing paginates.

    None if the shape is not known: a paginator or view that makes its own responses says nothing
    of them, or the client may do without pages. Links stand in it as the arguments that replace
    them.
    """
    paginator = getattr(view, "paginator", None)
    if paginator is None:
        return rows
    makes_pages = _makes_pages(paginator, view)
    if makes_pages is False:
        return rows
    if makes_pages is None or not _is_described(paginator) or not _is_stock(view):
        return None
    described: Any = answer_of(lambda: paginator.get_paginated_response_schema(rows))
    if not isinstance(described, dict):
        return None
    arguments = {each.name: each.schema for each in pagination_parameters(view)}
    schema: JSONSchema = _with_rows(described, rows, _Links(paginator, arguments))
    return schema


def with_arguments(view: APIView, data: Any) -> Any:
    """Return the data of a response with the arguments of the page in place of each link to one.

    Links are known by their address, which is that of the request, wherever they stand in the
    envelope. The rows are not looked at.
    """
    paginator, request = getattr(view, "paginator", None), getattr(view, "request", None)
    if paginator is None or request is None or not isinstance(data, Mapping):
        return data
    names = {each.name: each.schema for each in pagination_parameters(view)}
    first = _first_page(paginator)

    def replaced(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: replaced(each) for key, each in value.items()}
        if not isinstance(value, str) or not _is_link(value, request):
            return value
        query = parse_qs(urlsplit(value).query, keep_blank_values=True)
        given = {
            name: _typed(query[name][-1], schema) for name, schema in names.items() if name in query
        }
        # A link to the first page leaves its number out; an argument left out changes nothing.
        return given if given.keys() & _positions(paginator) else {**first, **given}

    return replaced(data)


def _makes_pages(paginator: Any, view: APIView) -> bool | None:
    """Return whether responses are pages; None if that is for the client to say."""
    request = getattr(view, "request", None)
    if isinstance(paginator, PageNumberPagination | CursorPagination):
        if answer_of(lambda: paginator.get_page_size(request)):
            return True
        return None if paginator.page_size_query_param else False
    if isinstance(paginator, LimitOffsetPagination):
        return True if answer_of(lambda: paginator.get_limit(request)) else None
    return True


def _is_described(paginator: Any) -> bool:
    """Return whether the schema was written for the responses, and not for those of a base."""
    describes = _owner(paginator, "get_paginated_response_schema")
    responds = _owner(paginator, "get_paginated_response")
    return describes is not None and responds is not None and describes <= responds


def _owner(paginator: Any, name: str) -> int | None:
    """Return the position, from the most derived, of the class that defines a method."""
    classes = enumerate(type(paginator).__mro__)
    return next((index for index, cls in classes if name in vars(cls)), None)


def _is_stock(view: APIView) -> bool:
    names = ("paginate_queryset", "get_paginated_response")
    return all(getattr(type(view), name, None) is getattr(GenericAPIView, name) for name in names)


class _Links:
    """Schemas of what stands in place of a link."""

    def __init__(self, paginator: BasePagination, arguments: Mapping[str, JSONSchema]) -> None:
        self._arguments = {
            name: {key: schema[key] for key in ("type",) if key in schema}
            for name, schema in arguments.items()
        }
        cls = type(paginator)
        methods = [getattr(cls, f"get_{name}_link", None) for name in LINKS]
        modules = {getattr(method, "__module__", "") for method in methods}
        self._are_stock = modules == {BasePagination.__module__}
        described: Any = cls.get_paginated_response_schema
        self._is_stock = self._are_stock and described.__module__ == BasePagination.__module__

    def schema(self, name: str) -> JSONSchema:
        """Return the schema of the property that holds a link."""
        arguments = {"properties": self._arguments}
        if self._is_stock:
            words = f"Arguments of the {name} page, besides those of this call."
            return {"type": ["object", "null"], **arguments, "description": words}
        return {"type": ["object", "string", "null"], **arguments} if self._are_stock else {}


def _with_rows(schema: Any, rows: JSONSchema, links: _Links, name: str = "") -> Any:
    """Return an envelope's schema of OpenAPI in JSON Schema, with the rows as they are."""
    if schema is rows or not isinstance(schema, Mapping):
        return schema
    if "properties" in schema:
        inner = {
            key: _with_rows(each, rows, links, key) for key, each in schema["properties"].items()
        }
        rest = json_schema({key: each for key, each in schema.items() if key != "properties"})
        return {**rest, "properties": inner}
    if schema == rows:
        return rows
    if schema.get("format") == "uri":
        return links.schema(name)
    return json_schema(schema)


def _limited(parameter: QueryParameter, paginator: Any) -> QueryParameter:
    """Return the parameter of a page's size with the limit that silently applies."""
    name = getattr(paginator, "page_size_query_param", None)
    limit = getattr(paginator, "max_page_size", None)
    if isinstance(paginator, LimitOffsetPagination):
        name, limit = paginator.limit_query_param, paginator.max_limit
    if parameter.name != name or not isinstance(limit, int):
        return parameter
    words = f"{parameter.schema.get('description', '')} At most {limit}.".strip()
    return QueryParameter(
        name=parameter.name,
        schema={**parameter.schema, "description": words},
        is_required=parameter.is_required,
        encode=parameter.encode,
    )


def _positions(paginator: Any) -> set[str]:
    names = ("page_query_param", "offset_query_param", "cursor_query_param")
    return {getattr(paginator, name) for name in names if hasattr(paginator, name)}


def _first_page(paginator: Any) -> dict[str, int]:
    if isinstance(paginator, PageNumberPagination):
        return {paginator.page_query_param: 1}
    if isinstance(paginator, LimitOffsetPagination):
        return {paginator.offset_query_param: 0}
    return {}


def _is_link(text: str, request: Any) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if not text.startswith(("http://", "https://", "/")):
        return False
    own = urlsplit(request.build_absolute_uri())
    return parts.path == own.path and parts.netloc in ("", own.netloc)


def _typed(text: str, schema: JSONSchema) -> Any:
    return int(text) if schema.get("type") == "integer" and text.isdecimal() else text
