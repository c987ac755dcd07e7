"""Query parameters of filter backends."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.module_loading import import_string
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.views import APIView

from django_mcp.contrib.drf.parameters.openapi import query_parameter
from django_mcp.contrib.drf.parameters.ordering import ordering_parameter
from django_mcp.contrib.drf.parameters.parameter import QueryParameter
from django_mcp.db.refused_queries import answer_of

FILTERSET_PARAMETERS = "django_mcp.contrib.drf.parameters.filtersets.filterset_parameters"


def filter_parameters(backend: Any, view: APIView) -> Iterator[QueryParameter]:
    """Yield the parameters of a filter backend, and then those that only its schema names."""
    if isinstance(backend, SearchFilter):
        yield from _search(backend, view)
    elif isinstance(backend, OrderingFilter):
        parameter = ordering_parameter(backend, view)
        yield from () if parameter is None else (parameter,)
    elif callable(getattr(backend, "get_filterset", None)):
        filterset_parameters: Callable[..., Iterator[QueryParameter]]
        filterset_parameters = import_string(FILTERSET_PARAMETERS)
        yield from filterset_parameters(backend, view)
    yield from _described(backend, view)


def _search(backend: SearchFilter, view: APIView) -> Iterator[QueryParameter]:
    request = getattr(view, "request", None)
    fields = answer_of(lambda: [backend.get_search_fields(view, request)])
    if fields is not None and not fields[0]:
        return
    yield QueryParameter(
        name=backend.search_param,
        schema={"type": "string", "description": str(backend.search_description)},
    )


def _described(backend: Any, view: APIView) -> Iterator[QueryParameter]:
    describe = getattr(backend, "get_schema_operation_parameters", None)
    if describe is None:
        return
    own = {
        getattr(backend, name)
        for name in ("search_param", "ordering_param")
        if hasattr(backend, name)
    }
    for each in answer_of(lambda: list(describe(view))) or ():
        parameter = query_parameter(each)
        if parameter is not None and parameter.name not in own:
            yield parameter
