"""JSON Schemas of serializers, as input and as output."""

from rest_framework.serializers import BaseSerializer

from django_mcp.contrib.drf.schemas.accepted import Accepted
from django_mcp.contrib.drf.schemas.rendered import Rendered
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import JSONSchema


def input_schema(serializer: BaseSerializer, *, partial: bool = False) -> JSONSchema:
    """Return the schema of the data of a serializer: an object, or an array with `many=True`.

    With `partial`, no field is required at any depth. Fields that only a file can fill are left
    out. `$defs` are there only if a serializer contains itself. A serializer whose class has a
    `to_internal_value` of its own takes fields that are not named here, and needs none.

    Raises `DeclarationError` with every field that is required and can only be a file.
    """
    build = Accepted(partial=partial)
    schema = build.definitions.complete(build.of_serializer(serializer))
    if build.problems:
        raise DeclarationError(build.problems)
    return schema


def output_schema(serializer: BaseSerializer) -> JSONSchema:
    """Return the schema of what a serializer renders: an object, or an array with `many=True`.

    Nothing is known, and the schema is open, of what a project's own methods render, apart from
    their return annotations. `$defs` are there only if a serializer contains itself.
    """
    build = Rendered()
    return build.definitions.complete(build.of_serializer(serializer))
