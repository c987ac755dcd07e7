"""JSON Schemas of serializers, as input and as output."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.serializers import BaseSerializer

from django_mcp.contrib.drf.schemas.inputs import InputSchemas
from django_mcp.contrib.drf.schemas.outputs import OutputSchemas
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import JSONSchema


def input_schema(serializer: BaseSerializer, *, partial: bool = False) -> JSONSchema:
    """Return the schema of the data of a serializer: an object, or an array with `many=True`.

    With `partial`, no field is required at any depth. Fields that only a file can fill are left
    out. `$defs` are there only if a serializer contains itself. A serializer whose class has a
    `to_internal_value` of its own takes fields that are not named here, and needs none.

    Raises `DeclarationError` with every field that is required and can only be a file, and for a
    serializer whose fields cannot be made.
    """
    build = InputSchemas(partial=partial)
    with _readable(serializer):
        schema = build.definitions.complete(build.of_serializer(serializer))
    if build.problems:
        raise DeclarationError(build.problems)
    return schema


def output_schema(serializer: BaseSerializer) -> JSONSchema:
    """Return the schema of what a serializer renders: an object, or an array with `many=True`.

    Nothing is known, and the schema is open, of what a project's own methods render, apart from
    their return annotations. `$defs` are there only if a serializer contains itself.

    Raises `DeclarationError` for a serializer whose fields cannot be made.
    """
    build = OutputSchemas()
    with _readable(serializer):
        return build.definitions.complete(build.of_serializer(serializer))


@contextmanager
def _readable(serializer: BaseSerializer) -> Iterator[None]:
    """Name the serializer in the error of one that fails, such as a `Meta` without fields."""
    try:
        yield
    except Exception as error:
        name = type(getattr(serializer, "child", serializer)).__name__
        raise DeclarationError([f"{name} cannot be read: {error}"]) from error
