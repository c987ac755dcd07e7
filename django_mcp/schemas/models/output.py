"""Output of functions that return Django model instances: JSON objects of the named fields."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from django.db.models import Manager, Model, QuerySet
from typing_extensions import TypedDict

from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import OutputSchema, json_form
from django_mcp.schemas.models.columns import only_columns
from django_mcp.schemas.models.fields import (
    ModelPath,
    UnknownFieldError,
    annotated,
    field_type,
    resolve_path,
)
from django_mcp.schemas.models.related_rows import ToMany
from django_mcp.schemas.output.output import DataOutput, Output, Rendered, as_tuple


class ModelOutput(Output):
    """Output of the named fields of one Django model instance, or of a list or queryset.

    `fields` has each path by its name in the result, and `annotations` the types of what
    a queryset annotates, where they are declared.
    """

    def __init__(
        self,
        model: type[Model] | None,
        fields: Mapping[str, str],
        *,
        annotations: Mapping[str, Any],
        is_many: bool,
        is_optional: bool,
    ) -> None:
        self._model = model or Model
        self._is_known = model is not None
        self._fields = dict(fields)
        self._is_renamed = any(name != path for name, path in fields.items())
        self._annotations = annotations
        self._is_many = is_many
        self._resolved: dict[type[Model], dict[str, ModelPath]] = {}
        self._leading_to_many: dict[type[Model], list[ModelPath]] = {}
        types = self._types()
        row: Any = TypedDict(model.__name__ if model else "Row", types)  # type: ignore[misc]
        annotation = list[row] if is_many else (row | None if is_optional else row)
        try:
            self._data = DataOutput(annotation)
        except ValueError as error:
            culprits = list(_culprits(types, fields))
            raise DeclarationError(culprits or [str(error)]) from error
        self.schema = self._data.schema
        self.is_wrapped = self._data.is_wrapped

    def selected(self, queryset: QuerySet[Any]) -> Iterable[Any]:
        """Return the queryset without the columns that the result does not need, if possible."""
        if not issubclass(queryset.model, self._model):
            return queryset
        columns = only_columns(queryset, tuple(self._fields.values()))
        return queryset if columns is None else columns

    def page(self, rows: Iterable[Any]) -> Any:
        """Return the JSON of fetched rows. Raises as `render` does."""
        return self._data.page(self._shown(rows))

    def _render(self, value: Any) -> Rendered:
        rows = self._rows(value) if self._is_many else self._shown([value])
        return self._data.render(rows if self._is_many else rows[0])

    def _rows(self, value: Any) -> list[Any]:
        value = value.all() if isinstance(value, Manager) else value
        return self._shown(as_tuple(self.selected(value) if isinstance(value, QuerySet) else value))

    def _shown(self, rows: Iterable[Any]) -> list[Any]:
        rows = tuple(rows)
        with ExitStack() as fetching:
            for relation, (owners, joins) in self._relations(rows).items():
                fetching.enter_context(relation.fetched(owners.values(), joins))
            return [self._row(each) for each in rows]

    def _row(self, value: Any) -> Any:
        if isinstance(value, self._model):
            return {name: path.read(value) for name, path in self._paths(type(value)).items()}
        # What is no such instance, such as a row of `values()`, must match the schema by itself.
        if self._is_renamed and isinstance(value, Mapping):
            return {
                name: value[name if name in value else path]
                for name, path in self._fields.items()
                if name in value or path in value
            }
        return value

    def _relations(
        self, rows: Iterable[Any]
    ) -> dict[ToMany, tuple[dict[int, Any], dict[str, None]]]:
        """Return the relations to many with their instances, and the joins of their rows."""
        found: dict[ToMany, tuple[dict[int, Any], dict[str, None]]] = {}
        for row in rows:
            if not isinstance(row, self._model):
                continue
            for path in self._to_many(type(row)):
                owner = path.owner(row)
                if path.to_many is not None and owner is not None:
                    owners, joins = found.setdefault(path.to_many, ({}, {}))
                    owners[id(owner)] = owner
                    joins.update(dict.fromkeys(path.joins))
        return found

    def _to_many(self, model: type[Model]) -> list[ModelPath]:
        if model not in self._leading_to_many:
            paths = self._paths(model).values()
            self._leading_to_many[model] = [path for path in paths if path.to_many is not None]
        return self._leading_to_many[model]

    def _paths(self, model: type[Model]) -> dict[str, ModelPath]:
        if model not in self._resolved:
            self._resolved[model] = {
                name: self._path(model, path) for name, path in self._fields.items()
            }
        return self._resolved[model]

    def _path(self, model: type[Model], path: str) -> ModelPath:
        if path in self._annotations:
            return annotated(path)
        try:
            return resolve_path(model, path)
        except ValueError as error:
            if isinstance(error, UnknownFieldError) and "__" not in path:
                return annotated(path)
            # Only where the annotation names no model, so that nothing could be checked before.
            raise InvalidResultError(str(error)) from error

    def _types(self) -> dict[str, Any]:
        """Return the types of the fields. Raises `DeclarationError` with all problems."""
        types: dict[str, Any] = {}
        problems: list[str] = []
        for name, path in self._fields.items():
            try:
                types[name] = self._type(path) if self._is_known else Any
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise DeclarationError(problems)
        return types

    def _type(self, path: str) -> Any:
        if path in self._annotations:
            return self._annotations[path]
        try:
            return field_type(self._model, path)
        except UnknownFieldError as error:
            if "__" in path:
                raise
            if self._is_many:
                return Any  # rows of a queryset may have it, and only they know its type
            problem = str(error)
            what = " What" if problem.endswith("?") else "; what"
            raise ValueError(
                f"{problem}{what} a queryset annotates is declared in the body of the class, such "
                f"as `{path}: int`"
            ) from None


def _culprits(types: Mapping[str, Any], fields: Mapping[str, str]) -> Iterator[str]:
    """Yield the problem of each type that has no JSON form."""
    for name, type_ in types.items():
        try:
            json_form(type_, mode="serialization", generator=OutputSchema)
        except ValueError as error:
            yield f"field {fields[name]!r} has no JSON form: {error}"
