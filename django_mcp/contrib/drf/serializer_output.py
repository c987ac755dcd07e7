"""Output of results that a serializer renders."""

import json
from collections.abc import Iterable
from copy import copy
from typing import Any

from django.db.models import Manager
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import BaseSerializer
from typing_extensions import override

from django_mcp.context import ToolContext
from django_mcp.contrib.drf.schemas.nullable import nullable
from django_mcp.contrib.drf.schemas.serializers import output_schema
from django_mcp.contrib.drf.serializer_contexts import nobodys_context, serializer_context
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.json_output import JSONOutput
from django_mcp.schemas.output.output import Rendered, as_tuple


class SerializerOutput(JSONOutput):
    """Output of objects as a serializer class renders them for the caller, of one or of many.

    What is a serializer already, with its own instance, renders itself.
    """

    def __init__(
        self, serializer_class: type[BaseSerializer], *, is_many: bool, is_optional: bool
    ) -> None:
        super().__init__(_schema(serializer_class, is_many=is_many, is_optional=is_optional))
        self._serializer_class = serializer_class
        self._is_many = is_many
        self._context: dict[str, Any] = {}
        self._call: ToolContext | None = None

    @override
    def for_call(self, context: ToolContext) -> "SerializerOutput":
        """Return the output for one caller; see `Output.for_call`."""
        own = copy(self)
        own._call = context
        return own

    @override
    def page(self, rows: Iterable[Any]) -> Any:
        """Return the JSON of fetched rows, however many. Raises as `render` does."""
        return super().page(self._shown(rows))

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Return None: serializers may query."""
        return None

    def _render(self, value: Any) -> Rendered:
        if self._is_many:
            value = value.all() if isinstance(value, Manager) else value
            return super()._render(self._shown(as_tuple(value)))
        (shown,) = self._shown([value])
        return super()._render(shown)

    def _shown(self, rows: Iterable[Any]) -> list[Any]:
        context = {} if self._call is None else serializer_context(self._call)
        shown: list[Any] = json.loads(
            JSONRenderer().render([self._row(row, context) for row in rows])
        )
        return shown

    def _row(self, row: Any, context: dict[str, Any]) -> Any:
        if row is None:
            return None
        if isinstance(row, BaseSerializer):
            return row.data
        if isinstance(getattr(row, "serializer", None), BaseSerializer):
            return row  # the data of one
        return self._serializer_class(row, context=context).data


def _schema(
    serializer_class: type[BaseSerializer], *, is_many: bool, is_optional: bool
) -> JSONSchema:
    schema = output_schema(serializer_class(many=is_many, context=nobodys_context()))
    definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
    return nullable(schema, is_null=is_optional) | definitions
