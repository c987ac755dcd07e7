"""Serializers that contain themselves: definitions that references lead to."""

from collections.abc import Callable
from typing import Any

from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.references import PREFIX


class Definitions:
    """Definitions of the serializers that contain themselves; others are written out."""

    def __init__(self) -> None:
        self._open: list[tuple[type, frozenset[str]]] = []
        self._names: dict[tuple[type, frozenset[str]], str] = {}
        self._schemas: dict[str, JSONSchema] = {}

    def of(self, serializer: Any, build: Callable[[], JSONSchema]) -> JSONSchema:
        """Return the schema of a serializer, or a reference to it within itself.

        Of the same class with other fields, such as a nested one without its children, it is not
        the same.
        """
        key = (type(serializer), frozenset(serializer.fields))
        if key in self._open:
            return {"$ref": f"{PREFIX}{self._name(key)}"}
        self._open.append(key)
        try:
            schema = build()
        finally:
            self._open.pop()
        if key in self._names:
            self._schemas[self._names[key]] = schema
        return schema

    def complete(self, schema: JSONSchema) -> JSONSchema:
        """Return a schema with the definitions that it refers to."""
        return {**schema, "$defs": self._schemas} if self._schemas else schema

    def _name(self, key: tuple[type, frozenset[str]]) -> str:
        if key not in self._names:
            name = key[0].__name__
            taken = set(self._names.values())
            number = 1
            while name in taken:
                number += 1
                name = f"{key[0].__name__}{number}"
            self._names[key] = name
        return self._names[key]
