"""Refusal of queries while code of a project is only asked what it is made of."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")


class QueryRefusedError(Exception):
    """A query was made in a block `without_queries`."""


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


def _refuse(*args: Any) -> Any:
    raise QueryRefusedError
