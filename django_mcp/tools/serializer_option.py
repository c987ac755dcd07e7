"""The option `serializer` of tools: what it makes of a function, for arguments and results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from django_mcp.schemas.input.signature import Signature
from django_mcp.schemas.output.output import Output
from django_mcp.tools.declaration import ToolDeclaration
from django_mcp.tools.rest_framework import require_rest_framework

READER = "django_mcp.contrib.drf.serializers.option.serialized"
"""Dotted path of the function that reads the option, which needs Django REST framework."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serialized:
    """Function of a tool with a serializer, for its arguments, for its results, or for both.

    `parameter` is the one that is given the serializer, None for none. `complete` adds the
    serializer's fields to the signature of the other parameters, and `schema_extra`. `output` is
    None where results are not rendered by it.
    """

    function: Callable[..., Any]
    parameter: str | None
    complete: Callable[[Signature, Mapping[str, Any]], Signature]
    output: Output | None


def read_serialized(declaration: ToolDeclaration) -> Serialized:
    """Read the option `serializer`. Raises `ValueError` for the author of the tool."""
    require_rest_framework("serializer")
    serialized: Serialized = import_string(READER)(declaration)
    return serialized
