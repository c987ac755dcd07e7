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
from django_mcp.contrib.drf.schemas.nullability import nullable
from django_mcp.contrib.drf.schemas.serializers import output_schema
from django_mcp.contrib.drf.serializers.contexts import nobodys_context, serializer_context
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
        return super().page(self._shown_rows(rows))

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Return None: serializers may query."""
        return None

    def _render(self, value: Any) -> Rendered:
        if not self._is_many:
            return super()._render(self._shown(value))
        value = value.all() if isinstance(value, Manager) else value
        if _is_serialized(value):
            return super()._render(self._shown(value))
        return super()._render(self._shown_rows(as_tuple(value)))

    def _shown_rows(self, rows: Iterable[Any]) -> Any:
        rows = list(rows)
        if any(map(_is_serialized, rows)):
            return [self._shown(each) for each in rows]
        return self._shown(rows)

    def _shown(self, value: Any) -> Any:
        """Return the JSON of an object, or of a list of objects, that may be serialized already."""
        if value is None:
            return None
        if isinstance(value, BaseSerializer):
            data = value.data
        elif _is_serialized(value):
            data = value
        else:
            context = {} if self._call is None else serializer_context(self._call)
            is_many = isinstance(value, list)
            data = self._serializer_class(value, many=is_many, context=context).data
        return json.loads(JSONRenderer().render(data))


def _is_serialized(value: Any) -> bool:
    """Return whether it is a serializer with its own instance, or the data of one."""
    return isinstance(getattr(value, "serializer", value), BaseSerializer)


def _schema(
    serializer_class: type[BaseSerializer], *, is_many: bool, is_optional: bool
) -> JSONSchema:
    schema = output_schema(serializer_class(many=is_many, context=nobodys_context()))
    definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
    return nullable(schema, is_null=is_optional) | definitions
