"""Introspection of views: what a view says of itself without a request and without a query."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from django.db import connections
from django.db.models import QuerySet
from rest_framework.views import APIView

T = TypeVar("T")


class QueryRefusedError(Exception):
    """A query was made where a view is only asked for its parameters."""


@contextmanager
def without_queries() -> Iterator[None]:
    """Refuse queries of this thread: the registry is built where there may be no database."""
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(_refuse))
        yield


def answer_of(ask: Callable[[], T]) -> T | None:
    """Return what code of the project answers without a query; None if it fails.

    Such code may expect a user or an object, and there is none.
    """
    try:
        with without_queries():
            return ask()
    except Exception:  # noqa: BLE001  (of the project's own code)
        return None


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


def _refuse(*args: Any) -> Any:
    raise QueryRefusedError
