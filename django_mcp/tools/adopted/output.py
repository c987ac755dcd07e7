"""Output of adopted tools: what their server has rendered, with the schema that it publishes."""

from typing import Any

from typing_extensions import override

from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.output import WRAPPER, Output, Rendered
from django_mcp.schemas.output.serialization import json_text
from django_mcp.schemas.result_limits import check_bytes


class AdoptedOutput(Output):
    """Output of a function that returns a result which is rendered already."""

    def __init__(self, schema: JSONSchema | None) -> None:
        self.schema = schema
        # As both kinds of servers wrap what is no object.
        self.is_wrapped = schema is not None and list(schema.get("properties", ())) == [WRAPPER]

    @override
    def _render(self, value: Any) -> Rendered:
        rendered: Rendered = value
        for part in (rendered.structured, rendered.meta):
            _check(part)
        return rendered

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """See `Output.render_at_once`: nothing is left to be rendered."""
        return self.render(value)


def _check(part: Any) -> None:
    """Raise `InvalidResultError` for what has no JSON, and `ResultTooLargeError`."""
    try:
        size = len(json_text(part).encode())  # lone surrogates have no place in UTF-8
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidResultError("the result of the server cannot be written as JSON") from error
    check_bytes(size)
