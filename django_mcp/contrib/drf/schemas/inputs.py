"""JSON Schema of what serializers and their fields accept.

It never refuses what a field would take in JSON of the type that it publishes: what only a field
can judge stands in its description.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
from django.conf import settings
from rest_framework import serializers
from rest_framework.relations import ManyRelatedField, RelatedField
from rest_framework.renderers import JSONRenderer
from rest_framework.settings import api_settings

from django_mcp.contrib.drf.schemas.annotated_types import accepted_type
from django_mcp.contrib.drf.schemas.choices import accepted_choice, described_choices
from django_mcp.contrib.drf.schemas.definitions import Definitions
from django_mcp.contrib.drf.schemas.descriptions import described
from django_mcp.contrib.drf.schemas.documentation.fields import documented_field, excluded_fields
from django_mcp.contrib.drf.schemas.models.relations import related_object
from django_mcp.contrib.drf.schemas.nullability import not_nullable, nullable
from django_mcp.contrib.drf.schemas.stock_methods import is_stock, stock_class
from django_mcp.contrib.drf.schemas.validators import constraints, unique_together
from django_mcp.schemas.json_schema import JSONSchema

JUDGING = ("run_validation", "validate_empty_values", "to_internal_value")
"""Methods of a field that together say what it accepts."""

COMPOSITE = (
    serializers.FileField,
    serializers.ListField,
    serializers.DictField,
    serializers.MultipleChoiceField,
)
"""Fields of which nothing is known any more once a project has its own `to_internal_value`."""

DURATION = "Such as 3 04:30:00 (days, then hours, minutes and seconds), or P3DT4H30M."

EXAMPLES = {"time": "14:30:00", "date-time": "2026-01-31T14:30:00"}


class InputSchemas:
    """Schemas of one serializer as input; `problems` are those of its fields, by their paths."""

    def __init__(self, *, partial: bool) -> None:
        self.problems: list[str] = []
        self.definitions = Definitions()
        self._partial = partial

    def of_field(self, field: Any, path: str) -> JSONSchema:
        """Return the schema of a field, with what is said of it."""
        documented = documented_field(field, "request")
        if isinstance(documented, dict):
            schema = documented
        else:
            schema = self._of_type(documented or field, path)
        sentences: tuple[str, ...] = ()
        is_judged_as_usual = is_stock(field, *JUDGING)
        if is_judged_as_usual and not isinstance(field, serializers.BaseSerializer):
            found = constraints(field)
            schema, sentences = _constrained(field, schema, found.keywords), found.sentences
        schema = nullable(schema, is_null=_takes_null(field))
        if isinstance(field, serializers.ChoiceField) and (labels := described_choices(field)):
            sentences = (*sentences, labels)
        schema = described(field, schema, sentences)
        if _is_secret(field):
            return {**schema, "writeOnly": True}  # the record keeps none
        return _with_default(field, schema, self._partial)

    def of_serializer(self, serializer: Any, path: str = "") -> JSONSchema:
        """Return the schema of the object, or of the list of objects, that a serializer accepts."""
        if isinstance(serializer, serializers.ListSerializer):
            return self._list(serializer, path)
        if not isinstance(serializer, serializers.Serializer):
            return {"type": "object"} if not path else {}
        return self.definitions.of(serializer, lambda: self._object(serializer, path))

    def _object(self, serializer: Any, path: str) -> JSONSchema:
        together = unique_together(serializer)
        properties: dict[str, JSONSchema] = {}
        required: list[str] = []
        for name, field in self._arguments(serializer, path):
            before = len(self.problems)
            schema = self.of_field(field, f"{path}{name}")
            if len(self.problems) > before and not self._is_needed(field):
                del self.problems[before:]
                continue  # without it, the others can be sent
            if name in together:
                lines = [schema.get("description", ""), *together[name]]
                schema = {**schema, "description": "\n".join(filter(None, lines))}
            properties[name] = schema
            if self._is_needed(field):
                required.append(name)
        schema = {"type": "object", "properties": properties}
        if not is_stock(serializer, "to_internal_value", "run_validation"):
            return schema  # its own method may read others, and do without these
        if required:
            schema["required"] = required
        return {**schema, "additionalProperties": False}

    def _arguments(self, serializer: Any, path: str) -> Iterator[tuple[str, Any]]:
        excluded = excluded_fields(serializer)
        for name, field in serializer.fields.items():
            if field.read_only or isinstance(field, serializers.HiddenField):
                continue
            if name in excluded and not self._is_needed(field):
                continue
            if _needs_file(field):
                if self._is_needed(field):
                    self.problems.append(_file_problem(field, f"{path}{name}"))
                continue
            yield name, field

    def _is_needed(self, field: Any) -> bool:
        return bool(field.required) and not self._partial

    def _list(self, serializer: Any, path: str) -> JSONSchema:
        items = self.of_serializer(serializer.child, path)
        if not is_stock(serializer, "to_internal_value", "run_validation"):
            return {}
        schema: JSONSchema = {"type": "array", "items": items}
        if serializer.max_length is not None:
            schema["maxItems"] = serializer.max_length
        if minimum := serializer.min_length or (0 if serializer.allow_empty else 1):
            schema["minItems"] = minimum
        return schema

    def _of_type(self, field: Any, path: str) -> JSONSchema:
        if isinstance(field, serializers.BaseSerializer):
            return self.of_serializer(field, f"{path}.")
        if not is_stock(field, "to_internal_value"):
            annotated = accepted_type(type(field).to_internal_value)
            if annotated is not None:
                return annotated
            if isinstance(field, COMPOSITE):
                return {}
        for cls in stock_class(field).__mro__:
            if make := TYPES.get(cls):
                return make(self, field)
        return {}

    def _list_field(self, field: Any) -> JSONSchema:
        schema: JSONSchema = {"type": "array", "items": self.of_field(field.child, "")}
        return schema if field.allow_empty else {**schema, "minItems": 1}

    def _dictionary(self, field: Any) -> JSONSchema:
        schema = {"type": "object", "additionalProperties": self.of_field(field.child, "")}
        return schema if field.allow_empty else {**schema, "minProperties": 1}

    def _related(self, field: Any) -> JSONSchema:
        if (key_field := getattr(field, "pk_field", None)) is not None:
            return self._of_type(key_field, "")
        return not_nullable(related_object(field))

    def _many_related(self, field: Any) -> JSONSchema:
        schema = {"type": "array", "items": self.of_field(field.child_relation, "")}
        return schema if field.allow_empty else {**schema, "minItems": 1}

    def _multiple_choice(self, field: Any) -> JSONSchema:
        schema = {"type": "array", "items": accepted_choice(field)}
        return schema if field.allow_empty else {**schema, "minItems": 1}


def _text(build: InputSchemas, field: Any) -> JSONSchema:
    schema: JSONSchema = {"type": "string"}
    return schema if field.allow_blank else {**schema, "minLength": 1}


def _formatted(name: str) -> Callable[[InputSchemas, Any], JSONSchema]:
    def schema(build: InputSchemas, field: Any) -> JSONSchema:
        # The empty string has no format.
        return _text(build, field) | ({} if field.allow_blank else {"format": name})

    return schema


def _address(build: InputSchemas, field: Any) -> JSONSchema:
    protocol = field.protocol
    if protocol not in ("ipv4", "ipv6") or field.allow_blank:
        return _text(build, field) | {"description": "IP address."}
    return {"type": "string", "format": protocol}


def _decimal(build: InputSchemas, field: Any) -> JSONSchema:
    schema: JSONSchema = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    if field.max_digits is None:
        return schema
    places = field.decimal_places
    words = f", {places} of them behind the decimal point" if places else ""
    return {**schema, "description": f"At most {field.max_digits} digits{words}."}


def _big_integer(build: InputSchemas, field: Any) -> JSONSchema:
    if getattr(field, "coerce_to_string", api_settings.COERCE_BIGINT_TO_STRING):
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    return {"type": "integer"}


def _uuid(build: InputSchemas, field: Any) -> JSONSchema:
    if field.uuid_format == "int":
        return {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    return {"type": "string", "format": "uuid"}


def _moment(kind: str, setting: str) -> Callable[[InputSchemas, Any], JSONSchema]:
    def schema(build: InputSchemas, field: Any) -> JSONSchema:
        formats = list(getattr(field, "input_formats", getattr(api_settings, setting)))
        others = [each for each in formats if each.lower() != "iso-8601"]
        if not others and kind != "time" and (kind == "date" or settings.USE_TZ):
            return {"type": "string", "format": kind}
        if not others:
            return {"type": "string", "description": f"Such as {EXAMPLES[kind]}."}
        listed = ["ISO 8601"] * (len(others) < len(formats)) + others
        return {"type": "string", "description": f"Format: {' or '.join(listed)}."}

    return schema


TYPES: Mapping[type, Callable[[InputSchemas, Any], JSONSchema]] = {
    serializers.BooleanField: lambda build, field: {"type": "boolean"},
    serializers.CharField: _text,
    serializers.EmailField: _formatted("email"),
    serializers.URLField: _formatted("uri"),
    serializers.IPAddressField: _address,
    serializers.UUIDField: _uuid,
    serializers.IntegerField: lambda build, field: {"type": "integer"},
    serializers.BigIntegerField: _big_integer,
    serializers.FloatField: lambda build, field: {"type": "number"},
    serializers.DecimalField: _decimal,
    serializers.DateTimeField: _moment("date-time", "DATETIME_INPUT_FORMATS"),
    serializers.DateField: _moment("date", "DATE_INPUT_FORMATS"),
    serializers.TimeField: _moment("time", "TIME_INPUT_FORMATS"),
    serializers.DurationField: lambda build, field: {"type": "string", "description": DURATION},
    serializers.ChoiceField: lambda build, field: accepted_choice(field),
    serializers.MultipleChoiceField: InputSchemas._multiple_choice,
    serializers.ListField: InputSchemas._list_field,
    serializers.DictField: InputSchemas._dictionary,
    serializers.JSONField: lambda build, field: {"type": "string"} if field.binary else {},
    RelatedField: InputSchemas._related,
    ManyRelatedField: InputSchemas._many_related,
}


def _takes_null(field: Any) -> bool:
    is_usual = is_stock(field, "run_validation", "validate_empty_values")
    return bool(field.allow_null) or not is_usual


def _constrained(field: Any, schema: JSONSchema, keywords: JSONSchema) -> JSONSchema:
    """Add keywords of validators; of a number that may be written as a string, to the number."""
    alternatives = schema.get("anyOf")
    if not keywords or not alternatives:
        return schema | _strictest(schema, keywords)
    first, *others = alternatives
    return {**schema, "anyOf": [{**first, **keywords}, *others]}


def _strictest(schema: JSONSchema, keywords: JSONSchema) -> JSONSchema:
    least = max(schema.get("minLength", 0), keywords.get("minLength", 0))
    return {**keywords, "minLength": least} if "minLength" in keywords else keywords


def _with_default(field: Any, schema: JSONSchema, partial: bool) -> JSONSchema:
    """Add a default, as JSON, that is the same for every call."""
    default = field.default
    if partial or default is serializers.empty or callable(default):
        return schema
    try:
        shown = None if default is None else field.to_representation(default)
        value = json.loads(JSONRenderer().render(shown) or b"null")
        is_valid = "$ref" not in schema and jsonschema_rs.is_valid(schema, value)
    except Exception:  # noqa: BLE001  (of the project's own code; a default is no duty)
        return schema
    return {**schema, "default": value} if is_valid else schema


def _is_secret(field: Any) -> bool:
    """Return whether a field looks like that of a password: a text that is never shown again."""
    if field.style.get("input_type") == "password":
        return True
    return isinstance(field, serializers.CharField) and bool(field.write_only)


def _needs_file(field: Any) -> bool:
    """Return whether nothing but a file, or what contains one, is accepted."""
    if isinstance(field, serializers.FileField):
        return is_stock(field, "to_internal_value")
    if isinstance(field, serializers.ListField | serializers.DictField):
        return is_stock(field, "to_internal_value") and _needs_file(field.child)
    return False


def _file_problem(field: Any, path: str) -> str:
    what = "is a file" if isinstance(field, serializers.FileField) else "holds files"
    return f"field {path!r} {what}, which no argument can carry"
