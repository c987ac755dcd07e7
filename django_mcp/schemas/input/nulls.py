"""Removal of nulls for optional arguments, as hosts send them that know no optional field."""

from collections.abc import Mapping
from typing import Any

from django_mcp.schemas.json_schema import JSONSchema


def without_nulls(arguments: Mapping[str, Any], schema: JSONSchema) -> dict[str, Any]:
    """Return the arguments without the nulls of optional fields that cannot be null."""
    pruned: dict[str, Any] = _Pruning(schema).of_value(arguments, schema)
    return pruned


class _Pruning:
    def __init__(self, root: JSONSchema) -> None:
        self._definitions: Mapping[str, JSONSchema] = root.get("$defs", {})

    def of_value(self, value: Any, schema: Any) -> Any:
        for each in self._alternatives(schema):
            if isinstance(value, dict):
                value = self._of_object(value, each)
            elif isinstance(value, list):
                value = self._of_list(value, each)
        return value

    def _of_object(self, value: dict[str, Any], schema: JSONSchema) -> dict[str, Any]:
        fields = schema.get("properties", {})
        if not value.keys() <= fields.keys():  # another alternative, or the caller's own names
            inner = schema.get("additionalProperties")
            return {name: self.of_value(item, inner) for name, item in value.items()}
        required = schema.get("required", ())
        return {
            name: self.of_value(item, fields[name])
            for name, item in value.items()
            if item is not None or name in required or self._takes_null(fields[name])
        }

    def _of_list(self, value: list[Any], schema: JSONSchema) -> list[Any]:
        first = schema.get("prefixItems", ())
        return [
            self.of_value(item, first[index] if index < len(first) else schema.get("items"))
            for index, item in enumerate(value)
        ]

    def _takes_null(self, schema: Any) -> bool:
        for each in self._alternatives(schema):
            values = each.get("enum", [each["const"]] if "const" in each else None)
            kinds = each.get("type", "null")
            if None in values if values is not None else "null" in kinds:
                return True
        return False

    def _alternatives(self, schema: Any) -> list[JSONSchema]:
        """Return the schema itself, or the alternatives of which a value must match one."""
        found: list[JSONSchema] = []
        pending = [schema]
        seen = set()
        while pending:
            current = pending.pop()
            if not isinstance(current, dict):  # `true` and `false` are schemas too
                continue
            reference = current.get("$ref")
            inner = [*current.get("anyOf", ()), *current.get("oneOf", ())]
            if isinstance(reference, str):
                if reference not in seen:
                    seen.add(reference)
                    pending.append(self._definitions.get(reference.rpartition("/")[2]))
            elif inner:
                pending += inner
            else:
                found.append(current)
        return found
