"""Statements whose SQL is compiled once: for those that every request makes.

Django writes the SQL of a statement anew at each use, which takes longer than all the rest where
it concerns one row alone.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connections, router, transaction
from django.db.models import Model, QuerySet
from django.db.models.signals import post_save, pre_save
from django.db.models.sql import InsertQuery

M = TypeVar("M", bound=Model)

PLACE = "django-mcp: here comes the value"
"""Stands in the parameters of the SQL for the value that is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """Statement for one database, with what Django's compiler has computed to write it."""

    compiler: Any
    sql: str
    parameters: Sequence[Any] = ()
    converters: Any = None

    def compiler_for(self, database: str, answer: Any) -> Any:
        """Return a compiler that returns this SQL."""
        # A compiler belongs to a connection, and so to a thread; what it has worked out does not.
        compiler = copy(self.compiler)
        compiler.connection = connections[database]
        compiler.as_sql = lambda *args, **kwargs: answer
        if self.converters is not None:
            compiler.get_converters = lambda expressions: self.converters
        return compiler


class PreparedLookup(Generic[M]):
    """Look-up of a row by a text, with a queryset that is otherwise always the same.

    `build` makes the queryset for a value; the value may only be compared with columns of text.
    """

    def __init__(self, build: Callable[[str], QuerySet[M]]) -> None:
        self._queryset = build(PLACE)
        self._written: dict[str, _Written] = {}

    def first(self, value: str) -> M | None:
        """Return the first row for this value as the database has it now; None without any."""
        database = self._queryset.db  # as the routers have it
        written = self._written.get(database) or self._write(database)
        filled = tuple(value if each == PLACE else each for each in written.parameters)
        query: Any = copy(self._queryset.query)
        query.get_compiler = lambda *args, **kwargs: written.compiler_for(
            database, (written.sql, filled)
        )
        rows: QuerySet[M] = QuerySet(self._queryset.model, query=query, using=database)
        return next(iter(rows), None)

    def _write(self, database: str) -> _Written:
        # Writing changes a query: another thread may be at it at the same time.
        compiler = self._queryset.all().query.get_compiler(database)
        sql, parameters = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        written = self._written[database] = _Written(
            compiler=compiler,
            sql=sql,
            parameters=parameters,
            converters=compiler.get_converters(columns),
        )
        return written


class PreparedInsert(Generic[M]):
    """Insert of rows of a model whose values are plain ones, never expressions.

    A key that the database gives is not read back: such rows are found by another unique column.
    """

    def __init__(self, model: type[M]) -> None:
        self._model = model
        meta = model._meta
        self._fields = [
            field for field in meta.local_concrete_fields if field is not meta.auto_field
        ]
        self._written: dict[str, _Written] = {}

    def insert(self, instance: M) -> None:
        """Insert as `save` would a new instance, but for a key that the database gives.

        Receivers of the signals of `save` are called as well.
        """
        if any(signal.has_listeners(self._model) for signal in (pre_save, post_save)):
            instance.save(force_insert=True)
            return
        database = router.db_for_write(self._model, instance=instance)
        written = self._written.get(database) or self._write(database, instance)
        connection = connections[database]
        values = tuple(
            field.get_db_prep_save(field.pre_save(instance, True), connection)
            for field in self._fields
        )
        compiler = written.compiler_for(database, [(written.sql, values)])
        with transaction.mark_for_rollback_on_error(database):
            compiler.execute_sql(returning_fields=None)
        instance._state.adding, instance._state.db = False, database

    def _write(self, database: str, instance: M) -> _Written:
        query: Any = InsertQuery(self._model)
        query.insert_values(self._fields, [instance])
        compiler: Any = query.get_compiler(database)
        ((sql, _),) = compiler.as_sql()
        query.objs = [None]  # it has one row, whichever that is; this one is not to be kept
        written = self._written[database] = _Written(compiler=compiler, sql=sql)
        return written
