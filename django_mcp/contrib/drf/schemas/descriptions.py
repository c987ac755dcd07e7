"""Descriptions of fields: their help texts, and labels that say more than the name."""

from collections.abc import Iterable
from typing import Any


def described(field: Any, schema: dict[str, Any], sentences: Iterable[str] = ()) -> dict[str, Any]:
    """Return the schema with what is said of a field, one thing on a line."""
    lines = [_label(field), str(field.help_text or "").strip(), schema.get("description", "")]
    text = "\n".join(dict.fromkeys(filter(None, [*lines, *sentences])))
    return {**schema, "description": text} if text else schema


def _label(field: Any) -> str:
    label = str(field.label or "").strip()
    name = str(field.field_name or "").replace("_", " ")
    return "" if label.casefold() == name.casefold() else label
