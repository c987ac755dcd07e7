"""Error texts of violated unique constraints, as the validation of the model has them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Model, UniqueConstraint

DEFAULT_TEXT = "Such an object exists already."

POSTGRESQL_UNIQUE_VIOLATION = "23505"
MYSQL_DUPLICATE_ENTRY = 1062
SQLITE_UNIQUE = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedConstraint:
    """Constraint as the error of the database names it; fields it does not name are empty."""

    table: str = ""
    constraint: str = ""
    columns: frozenset[str] = frozenset()


def unique_violation(error: IntegrityError) -> str | None:
    """Return the error text of a violated unique constraint; None for any other error.

    It does not query: the transaction may be aborted, and the call may run on the loop.
    """
    violation = _read(error.__cause__)
    if violation is None:
        return None
    texts = {text for model in _models(violation) for text in _texts(model, violation)}
    return texts.pop() if len(texts) == 1 else DEFAULT_TEXT


def _read(error: BaseException | None) -> FailedConstraint | None:
    """Parse the error of a driver: psycopg, sqlite3, mysqlclient and compatible ones."""
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
    """Parse `index 'name'` or `table.column, table.column`."""
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
    """Yield the texts of the constraints that match; several if they are ambiguous."""
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
    """Return the text that `UniqueConstraint.validate` would raise."""
    has_own_text = constraint.violation_error_message != constraint.default_violation_error_message
    if has_own_text or constraint.condition or not constraint.fields:
        return str(constraint.get_violation_error_message())
    return _unique_text(model, constraint.fields)


def _unique_text(model: type[Model], fields: Sequence[str]) -> str:
    # An instance without values, for those of its defaults that would query the database.
    error: ValidationError = model.__new__(model).unique_error_message(model, fields)
    return " ".join(error.messages)
