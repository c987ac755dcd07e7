"""JSON Schema of what serializers and their fields render.

It is true of all that they render: null is ruled out, and a field required, only where that is
known of the column behind it or of the field itself.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.relations import ManyRelatedField, RelatedField
from rest_framework.settings import api_settings

from django_mcp.contrib.drf.schemas.annotated_types import returned_type
from django_mcp.contrib.drf.schemas.choices import described_choices, rendered_choice
from django_mcp.contrib.drf.schemas.definitions import Definitions
from django_mcp.contrib.drf.schemas.descriptions import described
from django_mcp.contrib.drf.schemas.documentation.fields import documented_field, excluded_fields
from django_mcp.contrib.drf.schemas.models.attributes import attribute_schema
from django_mcp.contrib.drf.schemas.models.relations import rendered_object
from django_mcp.contrib.drf.schemas.models.values import attribute_path, model_value
from django_mcp.contrib.drf.schemas.nullability import nullable
from django_mcp.contrib.drf.schemas.stock_methods import is_stock, stock_class
from django_mcp.schemas.json_schema import JSONSchema

STRING: JSONSchema = {"type": "string"}

CHOOSING_FIELDS = ("__init__", "get_fields", "fields")
"""Methods by which a serializer may render other fields for one caller than for another."""


class OutputSchemas:
    """Schemas of one serializer as output."""

    def __init__(self) -> None:
        self.definitions = Definitions()

    def of_field(self, field: Any) -> JSONSchema:
        """Return the schema of a field, with what is said of it."""
        schema = self._of_value(field)
        labels = described_choices(field) if isinstance(field, serializers.ChoiceField) else ""
        return described(field, schema, filter(None, [labels]))

    def of_serializer(self, serializer: Any) -> JSONSchema:
        """Return the schema of the object, or of the list of objects, that a serializer renders."""
        if isinstance(serializer, serializers.ListSerializer):
            if not is_stock(serializer, "to_representation"):
                return {}
            return {"type": "array", "items": self.of_serializer(serializer.child)}
        if not isinstance(serializer, serializers.Serializer):
            return returned_type(type(serializer).to_representation) or {}
        if not is_stock(serializer, "to_representation"):
            return {"type": "object"}
        return self.definitions.of(serializer, lambda: self._object(serializer))

    def _object(self, serializer: Any) -> JSONSchema:
        excluded = excluded_fields(serializer)
        shown = {
            name: field
            for name, field in serializer.fields.items()
            if not field.write_only and name not in excluded
        }
        schema: JSONSchema = {
            "type": "object",
            "properties": {name: self.of_field(field) for name, field in shown.items()},
        }
        is_fixed = is_stock(serializer, *CHOOSING_FIELDS)
        required = [name for name, field in shown.items() if is_fixed and _is_present(field)]
        return {**schema, "required": required} if required else schema

    def _of_value(self, field: Any) -> JSONSchema:
        documented = documented_field(field, "response")
        if documented is not None:
            is_schema = isinstance(documented, dict)
            return nullable(documented if is_schema else self._shape(documented))
        return nullable(self._shape(field), is_null=_may_be_null(field))

    def _shape(self, field: Any) -> JSONSchema:
        """Return the schema of values other than null."""
        if isinstance(field, serializers.SerializerMethodField):
            method = getattr(field.parent, field.method_name, None)
            return {} if method is None else returned_type(method) or {}
        if isinstance(field, serializers.BaseSerializer) or is_stock(field, "to_representation"):
            return self._of_type(field)
        return returned_type(type(field).to_representation) or {}

    def _of_type(self, field: Any) -> JSONSchema:
        if isinstance(field, serializers.BaseSerializer):
            return self.of_serializer(field)
        for cls in stock_class(field).__mro__:
            if make := TYPES.get(cls):
                return make(self, field)
        return {}

    def _list_field(self, field: Any) -> JSONSchema:
        return {"type": "array", "items": self._item(field.child)}

    def _dictionary(self, field: Any) -> JSONSchema:
        return {"type": "object", "additionalProperties": self._item(field.child)}

    def _item(self, child: Any) -> JSONSchema:
        # Of None neither asks the child.
        return nullable(self._of_value(child))

    def _related(self, field: Any) -> JSONSchema:
        key_field = getattr(field, "pk_field", None)
        return rendered_object(field) if key_field is None else self._shape(key_field)

    def _many_related(self, field: Any) -> JSONSchema:
        return {"type": "array", "items": self._shape(field.child_relation)}


def _attribute(build: OutputSchemas, field: Any) -> JSONSchema:
    """Return the schema of a value that is rendered as it is."""
    path = attribute_path(field)
    return {} if path is None else attribute_schema(*path) or {}


def _decimal(build: OutputSchemas, field: Any) -> JSONSchema:
    is_text = getattr(field, "coerce_to_string", api_settings.COERCE_DECIMAL_TO_STRING)
    return STRING if is_text else {"type": "number"}


def _big_integer(build: OutputSchemas, field: Any) -> JSONSchema:
    is_text = getattr(field, "coerce_to_string", api_settings.COERCE_BIGINT_TO_STRING)
    return STRING if is_text else {"type": "integer"}


def _uuid(build: OutputSchemas, field: Any) -> JSONSchema:
    if field.uuid_format == "int":
        return {"type": "integer"}
    is_known = field.uuid_format == "hex_verbose" and _has_column(field)
    return {**STRING, "format": "uuid"} if is_known else STRING


def _moment(kind: str, setting: str) -> Callable[[OutputSchemas, Any], JSONSchema]:
    def schema(build: OutputSchemas, field: Any) -> JSONSchema:
        written = getattr(field, "format", getattr(api_settings, setting))
        if written is not None and written.lower() != "iso-8601":
            return {**STRING, "description": f"Format: {written}."}
        # Strings are rendered as they are, and only columns hold none.
        is_exact = kind == "date" or (kind == "date-time" and settings.USE_TZ and bool(written))
        return {**STRING, "format": kind} if is_exact and _has_column(field) else STRING

    return schema


TYPES: Mapping[type, Callable[[OutputSchemas, Any], JSONSchema]] = {
    serializers.BooleanField: lambda build, field: {"type": "boolean"},
    serializers.CharField: lambda build, field: STRING,
    serializers.UUIDField: _uuid,
    serializers.IntegerField: lambda build, field: {"type": "integer"},
    serializers.BigIntegerField: _big_integer,
    serializers.FloatField: lambda build, field: {"type": "number"},
    serializers.DecimalField: _decimal,
    serializers.DateTimeField: _moment("date-time", "DATETIME_FORMAT"),
    serializers.DateField: _moment("date", "DATE_FORMAT"),
    serializers.TimeField: _moment("time", "TIME_FORMAT"),
    serializers.DurationField: lambda build, field: STRING,
    serializers.ChoiceField: lambda build, field: rendered_choice(field),
    serializers.MultipleChoiceField: lambda build, field: {
        "type": "array",
        "items": rendered_choice(field),
    },
    serializers.FileField: lambda build, field: STRING,
    serializers.ListField: OutputSchemas._list_field,
    serializers.DictField: OutputSchemas._dictionary,
    serializers.JSONField: lambda build, field: STRING if field.binary else {},
    serializers.ReadOnlyField: _attribute,
    serializers.StringRelatedField: lambda build, field: STRING,
    RelatedField: OutputSchemas._related,
    ManyRelatedField: OutputSchemas._many_related,
}


def _has_column(field: Any) -> bool:
    return model_value(field).model_field is not None


def _may_be_null(field: Any) -> bool:
    if isinstance(field, serializers.FileField):
        return True  # of a row without a file
    if not is_stock(field, "get_attribute"):
        return True
    if field.source == "*" or isinstance(field, serializers.ReadOnlyField):
        return False  # it is the object itself, or its type says so
    return model_value(field).is_nullable


def _is_present(field: Any) -> bool:
    """Return whether a field is never left out of what is rendered."""
    if not is_stock(field, "get_attribute"):
        return False
    if field.source == "*" or model_value(field).is_present:
        return True
    # An attribute that is missing is null, or an error, or its field is left out.
    return bool(field.required or (field.allow_null and field.default is serializers.empty))
