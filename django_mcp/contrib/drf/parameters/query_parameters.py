"""Query parameters of a list action: those of its filter backends, and those of its pages."""

from collections.abc import Sequence

from rest_framework.views import APIView

from django_mcp.contrib.drf.parameters.filters import filter_parameters
from django_mcp.contrib.drf.parameters.pagination import pagination_parameters
from django_mcp.contrib.drf.parameters.parameter import QueryParameter

__all__ = ["QueryParameter", "query_parameters"]


def query_parameters(view: APIView, *, with_pages: bool = True) -> Sequence[QueryParameter]:
    """Return the query parameters of an action that filters, one for each name.

    Those of pages are among them unless `with_pages` is false. The view is an instance as a
    request of nobody would have it. Nothing queries the database.
    """
    found: dict[str, QueryParameter] = {}
    for cls in getattr(view, "filter_backends", ()):
        for parameter in filter_parameters(cls(), view):
            found.setdefault(parameter.name, parameter)
    for parameter in pagination_parameters(view) if with_pages else ():
        found.setdefault(parameter.name, parameter)
    return tuple(found.values())
