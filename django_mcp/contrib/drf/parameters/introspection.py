"""Introspection of views: the queryset of a view, without a request and without a query."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.views import APIView

from django_mcp.db.refused_queries import answer_of


def queryset_of(view: APIView) -> QuerySet[Any] | None:
    """Return a queryset of the rows that a view lists, for its model and its annotations alone.

    `get_queryset` is asked last, because it may depend on who asks.
    """
    queryset = getattr(view, "queryset", None)
    if isinstance(queryset, QuerySet):
        return queryset.all()
    found: Any = answer_of(lambda: view.get_queryset())
    if isinstance(found, QuerySet):
        return found
    serializer: Any = answer_of(lambda: view.get_serializer_class())
    for described in (serializer, getattr(view, "filterset_class", None)):
        model = getattr(getattr(described, "Meta", None), "model", None)
        if model is not None:
            return model._default_manager.none()  # type: ignore[no-any-return]
    return None
