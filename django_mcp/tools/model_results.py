"""Output of tools that return Django model instances: the named fields as JSON objects."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model, QuerySet
from typing_extensions import TypedDict

from django_mcp.tools.columns import only_columns
from django_mcp.tools.model_fields import field_type, field_values
from django_mcp.tools.results import DataOutput, Output, Rendered, as_tuple


class ModelOutput(Output):
    """The named fields of Django model instances: one, or the rows of a list or queryset."""

    may_query = True

    def __init__(
        self, model: type[Model] | None, fields: Sequence[str], *, is_many: bool, is_optional: bool
    ) -> None:
        row: Any = TypedDict(  # type: ignore[misc]
            model.__name__ if model else "Row",
            {name: field_type(model, name) if model else Any for name in fields},
        )
        self._model = model or Model
        self._fields = tuple(fields)
        self._is_many = is_many
        annotation = list[row] if is_many else (row | None if is_optional else row)
        self._data = DataOutput(annotation)
        self.schema = self._data.schema

    def render(self, value: Any) -> Rendered:
        return self._data.render(self._rows(value) if self._is_many else self._row(value))

    def _rows(self, value: Any) -> list[Any]:
        if isinstance(value, QuerySet) and issubclass(value.model, self._model):
            columns = only_columns(value, self._fields)
            value = value if columns is None else columns
        return [self._row(item) for item in as_tuple(value)]

    def _row(self, value: Any) -> Any:
        # What is no such instance, such as a row of `values()`, must match the schema by itself.
        return field_values(value, self._fields) if isinstance(value, self._model) else value
