"""Generators of JSON Schema (2020-12) for parameters and results, on top of pydantic's."""

from collections.abc import Callable
from enum import Enum
from inspect import cleandoc
from typing import Any

from django.db.models import Choices
from pydantic import TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic.json_schema import (
    GenerateJsonSchema,
    JsonRef,
    JsonSchemaMode,
    JsonSchemaValue,
)
from pydantic_core import SchemaError, core_schema
from typing_extensions import override

from django_mcp.schemas.annotations import undefined_name
from django_mcp.schemas.choices import described
from django_mcp.schemas.core_schemas import has_none_default

JSONSchema = dict[str, Any]


class ReadableSchema(GenerateJsonSchema):
    """JSON Schema generator without `discriminator` and titles: agents pay for every word."""

    @override
    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Return the schema of a tagged union without `discriminator`."""
        union = super().tagged_union_schema(schema)
        # A keyword of OpenAPI: its `mapping` holds references that nothing else would need.
        return {key: value for key, value in union.items() if key != "discriminator"}

    @override
    def build_schema_type_to_method(self) -> dict[Any, Callable[[Any], JsonSchemaValue]]:
        """Return a lazy mapping of the methods."""
        return _MethodsByNeed(self)

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False: a title would only repeat the name."""
        return False

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """Describe an enum by the labels of Django's choices, and not by its name and docstring.

        Those are for developers, and clients would show the name as the title of a field.
        """
        shown = super().generate_inner(schema)
        if schema["type"] == "enum":
            reference = JsonRef(shown.get("$ref", ""))
            definition = self.get_schema_from_definitions(reference) if reference else shown
            # Not in `enum_schema`: pydantic puts them in after that.
            if definition is not None:
                _describe_enum(definition, schema["cls"])
        return shown


class _MethodsByNeed(dict[Any, Callable[[Any], JsonSchemaValue]]):
    """Lazy mapping of types of schemas to the methods of a generator.

    Pydantic looks up all sixty for every schema, and most schemas need a few.
    """

    def __init__(self, generator: GenerateJsonSchema) -> None:
        self._generator = generator

    def __missing__(self, schema_type: str) -> Callable[[Any], JsonSchemaValue]:
        name = f"{schema_type.replace('-', '_')}_schema"
        method: Callable[[Any], JsonSchemaValue] = getattr(self._generator, name)
        self[schema_type] = method
        return method


class InputSchema(ReadableSchema):
    """JSON Schema generator of parameters, with `additionalProperties: false` at every depth."""

    @override
    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """Return a schema that refuses unknown fields."""
        return _closed(super().typed_dict_schema(schema))

    @override
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return a schema that refuses unknown fields."""
        return _closed(super().model_schema(schema))

    @override
    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """Return a schema that refuses unknown fields."""
        return _closed(super().dataclass_schema(schema))

    @override
    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return a schema that accepts a default of None."""
        if has_none_default(schema):
            schema = {**schema, "schema": core_schema.nullable_schema(schema["schema"])}
        return super().default_schema(schema)

    @override
    def dataclass_args_schema(self, schema: core_schema.DataclassArgsSchema) -> JsonSchemaValue:
        """Return the schema of the fields that the constructor takes."""
        # Pydantic shows fields that are not parameters of the class too, and refuses them.
        taken = [field for field in schema["fields"] if field.get("init", True)]
        return super().dataclass_args_schema({**schema, "fields": taken})


class OutputSchema(ReadableSchema):
    """JSON Schema generator of results, without formats that a value may break.

    Clients check formats, and drop the result. RFC 3339 demands an offset of times, and knows
    neither fractions nor signs in durations.
    """

    @override
    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        """Return the schema of a time without its format."""
        return _without_format(super().time_schema(schema))

    @override
    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        """Return the schema of a duration without its format."""
        return _without_format(super().timedelta_schema(schema))


def json_form(
    annotation: Any, *, mode: JsonSchemaMode, generator: type[GenerateJsonSchema]
) -> tuple[TypeAdapter[Any], JSONSchema]:
    """Return the adapter and the JSON Schema of an annotation.

    Raises `ValueError` for the author of the function when it has no form in JSON.
    """
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        adapter.rebuild(raise_errors=True)  # a type that is not fully defined would fail later
        return adapter, adapter.json_schema(mode=mode, schema_generator=generator)
    except PydanticUndefinedAnnotation as error:
        raise undefined_name(error.name) from error
    except (PydanticUserError, SchemaError) as error:
        first_sentence = " ".join(str(error).split()).partition(". ")[0]
        raise ValueError(first_sentence) from error


def _describe_enum(definition: JsonSchemaValue, cls: type[Enum]) -> None:
    if definition.get("title") == cls.__name__:
        del definition["title"]
    if definition.get("description") == cleandoc(cls.__doc__ or ""):
        del definition["description"]
    labels = described(cls.choices) if issubclass(cls, Choices) else ""
    words = definition.get("description", "")
    if labels not in words:
        definition["description"] = f"{words}\n{labels}".strip()


def _closed(schema: JsonSchemaValue) -> JsonSchemaValue:
    # A root model of a mapping has no properties: its keys are the caller's own.
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


def _without_format(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {key: value for key, value in schema.items() if key != "format"}
