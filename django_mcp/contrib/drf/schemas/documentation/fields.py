"""JSON Schemas of fields that a project has documented, where it has drf-spectacular."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

Direction = Literal["request", "response"]

OPENAPI = "django_mcp.contrib.drf.schemas.documentation.spectacular"

HAS_SPECTACULAR = find_spec("drf_spectacular") is not None


def documented_field(field: Any, direction: Direction) -> Any:
    """Return the documented JSON Schema of a field, or a field that it is like; None without."""
    if not HAS_SPECTACULAR:
        return None
    return import_module(OPENAPI).documented_field(field, is_response=direction == "response")


def excluded_fields(serializer: Any) -> frozenset[str]:
    """Return the names of the fields that the documentation of a serializer leaves out."""
    if not HAS_SPECTACULAR:
        return frozenset()
    names: frozenset[str] = import_module(OPENAPI).excluded_names(serializer)
    return names
