"""Output of results that are stored, and linked to, where they are too large to be sent."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import override

from django_mcp.conf import settings
from django_mcp.meta_keys import STORED_META_KEY
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.outer_output import OuterOutput
from django_mcp.schemas.output.output import Output, Rendered, UndeclaredOutput
from django_mcp.schemas.pages.output import PagedOutput
from django_mcp.schemas.result_limits import Storage, storing

STORED_SCHEMA: JSONSchema = {
    "type": "array",
    "description": "The parts of a result that was too large, in order: resources to read.",
    "items": {
        "type": "object",
        "properties": {
            "uri": {"type": "string"},
            "media_type": {"type": "string"},
            "size": {"type": "integer", "description": "Bytes."},
        },
        "required": ["uri", "media_type", "size"],
    },
}

KEYWORDS = frozenset(
    {"type", "title", "description", "properties", "required", "additionalProperties", "$defs"}
)
"""Keywords of an output schema that parts in place of the result break nothing of."""


class StoredOutput(OuterOutput[Output]):
    """Output whose results may be larger than what is sent: a guard stores those.

    Its schema allows for the parts in place of the result.
    """

    def __init__(self, output: Output) -> None:
        is_undeclared = isinstance(output, UndeclaredOutput)
        super().__init__(UndeclaredOutput(keeps_data=True) if is_undeclared else output)
        self.schema = None if output.schema is None else _with_parts(output.schema)
        self.is_wrapped = output.is_wrapped

    @override
    def render(self, value: Any) -> Rendered:
        """Return a value as content, up to the limits of what is stored; see `Output.render`."""
        with storing() as storage:
            rendered = self._inner.render(value)
        return self._shown(rendered, storage)

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; see `Output.render_at_once`."""
        with storing() as storage:
            rendered = self._inner.render_at_once(value)
        return None if rendered is None else self._shown(rendered, storage)

    def _shown(self, rendered: Rendered, storage: Storage) -> Rendered:
        rendered = replace(rendered, has_too_many_rows=storage.has_too_many_rows)
        if self.schema is None and not is_too_large(rendered):
            return replace(rendered, structured=None)
        return rendered  # with the data, of which whole rows are stored

    def _render(self, value: Any) -> Rendered:
        raise NotImplementedError("`render` knows whether the result has too many rows")


def is_too_large(result: Rendered) -> bool:
    """Return whether a result is larger than what is sent."""
    return result.has_too_many_rows or result.byte_size > settings.MAX_RESULT_BYTES


def stored(output: Output) -> StoredOutput:
    """Return the form of an output that may be stored. Raises `ValueError` for the author."""
    if isinstance(output, PagedOutput):
        raise ValueError('overflow="link" is not for pages: page_size bounds them')
    return StoredOutput(output)


def _with_parts(schema: Mapping[str, Any]) -> JSONSchema:
    if strange := schema.keys() - KEYWORDS:
        raise ValueError(
            'overflow="link" needs a result whose schema is a plain object or list: '
            f"this one has {', '.join(sorted(strange))}"
        )
    whole = {key: value for key, value in schema.items() if key != "required"}
    alternatives = [schema.get("required", []), [STORED_META_KEY]]
    return {
        **whole,
        "properties": {**schema.get("properties", {}), STORED_META_KEY: STORED_SCHEMA},
        "anyOf": [{"required": names} for names in alternatives],
    }
