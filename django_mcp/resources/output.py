"""Output of resources: text, bytes, content blocks, or data as JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from django.http import FileResponse
from typing_extensions import override

from django_mcp.content import Audio, Content, EmbeddedResource, Image, Text
from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.annotations import each_type_hint, is_union
from django_mcp.schemas.output.files import embedded_file
from django_mcp.schemas.output.output import BLOCKS, Output, Rendered, UndeclaredOutput, as_tuple
from django_mcp.schemas.result_limits import bounded
from django_mcp.schemas.return_annotation import read_output

TEXT, BINARY, JSON = "text/plain", "application/octet-stream", "application/json"
"""Media types of contents without one of their own."""


class ContentsOutput(Output):
    """Output of the contents of a resource, as `EmbeddedResource` blocks.

    Contents without a URI of their own have an empty one. `data` renders what is neither text, nor
    bytes, nor a content block; with `is_data` everything.
    """

    def __init__(self, data: Output, *, mime_type: str | None, is_data: bool) -> None:
        self._data = data
        self._mime_type = mime_type
        self._is_data = is_data

    def _render(self, value: Any) -> Rendered:
        value = bounded(value) if isinstance(value, Iterator) else value
        plain = None if self._is_data else self._plain(value)
        return plain or self._as_json(self._data.render(value))

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; see `Output.render_at_once`."""
        if isinstance(value, str | bytes | Content) and not self._is_data:
            return self.render(value)
        if isinstance(value, Iterator) or _is_content(value):
            return None  # files are read on a thread
        rendered = self._data.render_at_once(value)
        return None if rendered is None else self._as_json(rendered)

    def _plain(self, value: Any) -> Rendered | None:
        """Return the contents of a value that says itself how it is written; None for data."""
        if isinstance(value, str):
            contents = EmbeddedResource(uri="", text=value, mime_type=self._mime_type or TEXT)
        elif isinstance(value, bytes | bytearray | memoryview):
            mime_type = self._mime_type or BINARY
            contents = EmbeddedResource(uri="", data=bytes(value), mime_type=mime_type)
        elif _is_content(value):
            blocks = (value,) if isinstance(value, BLOCKS) else as_tuple(value)
            return Rendered(content=tuple(map(self._contents, blocks)))
        else:
            return None
        return Rendered(content=(contents,))

    def _as_json(self, rendered: Rendered) -> Rendered:
        (block,) = rendered.content
        assert isinstance(block, Text)
        mime_type = self._mime_type or JSON
        contents = EmbeddedResource(uri="", text=block.text, mime_type=mime_type)
        return Rendered(content=(contents,), rows=rendered.rows)

    def _contents(self, block: Any) -> EmbeddedResource:
        match block:
            case EmbeddedResource():
                return block
            case Text():
                return EmbeddedResource(uri="", text=block.text, mime_type=self._mime_type or TEXT)
            case Image() | Audio():
                return EmbeddedResource(uri="", data=block.data, mime_type=block.mime_type)
            case FileResponse():
                file = embedded_file(block)
                return replace(file, uri="", mime_type=self._mime_type or file.mime_type)
        raise InvalidResultError(f"a {type(block).__name__} is no content of a resource")


def read_contents_output(
    function: Callable[..., Any], *, fields: Mapping[str, str], mime_type: str | None
) -> ContentsOutput:
    """Return the output of the function of a resource. Raises `ValueError` for its author."""
    annotation = each_type_hint(function).get("return")
    if not fields and (annotation is None or _is_plain(annotation)):
        return ContentsOutput(UndeclaredOutput(), mime_type=mime_type, is_data=False)
    output = read_output(function, fields=fields)
    return ContentsOutput(output, mime_type=mime_type, is_data=output.schema is not None)


def _is_plain(annotation: Any) -> bool:
    if is_union(annotation):
        return all(map(_is_plain, get_args(annotation)))
    return isinstance(annotation, type) and issubclass(annotation, str | bytes | bytearray)


def _is_content(value: Any) -> bool:
    first = value[0] if isinstance(value, list | tuple) and value else value
    return isinstance(first, BLOCKS)
