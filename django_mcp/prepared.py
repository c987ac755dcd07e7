"""Look-ups whose SQL is written once: for the queries that every request makes."""

from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

PLACE = "django-mcp: here comes the value"
"""Stands in the parameters of the SQL for the value that is looked up."""


class PreparedLookup(Generic[M]):
    """Finds a row by a text, with a queryset that is otherwise always the same.

    Django writes the SQL of a queryset anew at each use, which for a row and its relations, found
    by a unique key, takes longer than all the rest. Here it is written once for each database.
    `build` makes the queryset for a value; the value may only be compared with columns of text.
    """

    def __init__(self, build: Callable[[str], QuerySet[M]]) -> None:
        self._queryset = build(PLACE)
        self._written: dict[str, tuple[Any, str, tuple[Any, ...]]] = {}

    def first(self, value: str) -> M | None:
        """The first row for this value as the database has it now; None without any."""
        database = self._queryset.db  # as the routers have it
        if database not in self._written:
            self._written[database] = self._write(database)
        written, sql, parameters = self._written[database]
        # A compiler belongs to a connection, and so to a thread; what it has worked out does not.
        compiler = copy(written)
        compiler.connection = connections[database]
        filled = tuple(value if each == PLACE else each for each in parameters)
        compiler.as_sql = lambda *args, **kwargs: (sql, filled)
        query: Any = copy(self._queryset.query)
        query.get_compiler = lambda *args, **kwargs: compiler
        rows: QuerySet[M] = QuerySet(self._queryset.model, query=query, using=database)
        return next(iter(rows), None)

    def _write(self, database: str) -> tuple[Any, str, tuple[Any, ...]]:
        compiler = self._queryset.query.get_compiler(database)
        sql, parameters = compiler.as_sql()
        return compiler, sql, tuple(parameters)
