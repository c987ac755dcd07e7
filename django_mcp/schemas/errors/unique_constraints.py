"""Violations of unique constraints, in the words that the model's own validation would use."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Model, UniqueConstraint

OTHERWISE = "Such an object exists already."

POSTGRESQL_UNIQUE_VIOLATION = "23505"
MYSQL_DUPLICATE_ENTRY = 1062
SQLITE_UNIQUE = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedConstraint:
    """What the database says of the constraint; empty where it says nothing."""

    table: str = ""
    constraint: str = ""
    columns: frozenset[str] = frozenset()


def unique_violation(error: IntegrityError) -> str | None:
    """What is wrong, for the client; None when the error is not about a unique constraint.

    The database is not asked: the transaction may be aborted, and the call may run on the loop.
    """
    violation = _read(error.__cause__)
    if violation is None:
        return None
    texts = {text for model in _models(violation) for text in _texts(model, violation)}
    return texts.pop() if len(texts) == 1 else OTHERWISE


def _read(error: BaseException | None) -> FailedConstraint | None:
    """The constraint as the driver tells of it: psycopg, sqlite3, mysqlclient and their like."""
    diagnostics = getattr(error, "diag", None)
    if diagnostics is not None:
        if diagnostics.sqlstate != POSTGRESQL_UNIQUE_VIOLATION:
            return None
        # `Key (sku, size)=(...) already exists.`, in the language of the database.
        columns = re.search(r"\((.*?)\)=\(", diagnostics.message_detail or "")
        return FailedConstraint(
            table=diagnostics.table_name or "",
            constraint=diagnostics.constraint_name or "",
            columns=_names(columns[1]) if columns else frozenset(),
        )
    text = str(error)
    if getattr(error, "sqlite_errorname", "") in SQLITE_UNIQUE:
        return _read_sqlite(text.removeprefix("UNIQUE constraint failed: "))
    if error is not None and error.args[:1] == (MYSQL_DUPLICATE_ENTRY,):
        key = re.search(r"for key '([^']+)'\Z", str(error.args[-1]))
        return FailedConstraint(constraint=key[1].rpartition(".")[2] if key else "")
    return None


def _read_sqlite(failed: str) -> FailedConstraint:
    """Read `index 'name'` or `table.column, table.column`."""
    if index := re.fullmatch(r"index '(.*)'", failed):
        return FailedConstraint(constraint=index[1])
    places = [place.rpartition(".") for place in failed.split(", ")]
    return FailedConstraint(
        table=places[0][0], columns=frozenset(column for _, _, column in places)
    )


def _names(columns: str) -> frozenset[str]:
    return frozenset(name.strip('"') for name in columns.split(", "))


def _models(violation: FailedConstraint) -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy and violation.table in ("", model._meta.db_table):
            yield model


def _texts(model: type[Model], violation: FailedConstraint) -> Iterator[str]:
    """What validation would say; several where constraints cannot be told apart."""
    constraints = [c for c in model._meta.constraints if isinstance(c, UniqueConstraint)]
    for constraint in constraints:
        if constraint.name == violation.constraint:
            yield _constraint_text(model, constraint)
            return
    if not violation.columns:
        return
    for constraint in constraints:
        if _columns(model, constraint.fields) == violation.columns:
            yield _constraint_text(model, constraint)
    together = model._meta.unique_together
    single = [(field.name,) for field in model._meta.local_concrete_fields if field.unique]
    for fields in (*together, *single):
        if _columns(model, fields) == violation.columns:
            yield _unique_text(model, fields)


def _columns(model: type[Model], fields: Sequence[str]) -> frozenset[str]:
    return frozenset(str(getattr(model._meta.get_field(name), "column", "")) for name in fields)


def _constraint_text(model: type[Model], constraint: UniqueConstraint) -> str:
    """As `UniqueConstraint.validate` has it."""
    has_own_text = constraint.violation_error_message != constraint.default_violation_error_message
    if has_own_text or constraint.condition or not constraint.fields:
        return str(constraint.get_violation_error_message())
    return _unique_text(model, constraint.fields)


def _unique_text(model: type[Model], fields: Sequence[str]) -> str:
    # An instance without values, for those of its defaults that would query the database.
    error: ValidationError = model.__new__(model).unique_error_message(model, fields)
    return " ".join(error.messages)
