"""`QueryParameter`: one parameter of the query of a view."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django_mcp.schemas.forms.fields import texts_of
from django_mcp.schemas.json_schema import JSONSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryParameter:
    """Query parameter of a view: the schema of its JSON values, and their texts in the query.

    `encode` returns a text for each time that the parameter stands in the query: none for null.
    """

    name: str
    schema: JSONSchema
    is_required: bool = False
    encode: Callable[[Any], list[str]] = texts_of


def joined(delimiter: str) -> Callable[[Any], list[str]]:
    """Return the encoding of a list as one text, with the delimiter between its items."""

    def encode(value: Any) -> list[str]:
        texts = texts_of(value)
        return [delimiter.join(texts)] if texts else []

    return encode
