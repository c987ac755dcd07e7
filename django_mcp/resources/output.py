"""Output of resources: text, bytes, content blocks, or data as JSON."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from django.http import FileResponse
from django.utils.functional import Promise
from typing_extensions import override

from django_mcp.content import (
    Audio,
    Content,
    EmbeddedResource,
    Image,
    PromptMessage,
    ResourceLink,
    Text,
)
from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.annotations import each_type_hint, is_union, unwrapped
from django_mcp.schemas.output.files import embedded_file
from django_mcp.schemas.output.output import (
    BLOCKS,
    WRAPPER,
    Output,
    Rendered,
    UndeclaredOutput,
    as_tuple,
)
from django_mcp.schemas.result_limits import bounded, check_bytes
from django_mcp.schemas.return_annotation import read_output

TEXT, BINARY, JSON = "text/plain", "application/octet-stream", "application/json"
"""Media types of contents without one of their own."""

OF_JSON = re.compile(r"(application/json|.+\+json)\s*(;.*)?", re.IGNORECASE)
"""Media types of JSON."""

NO_CONTENTS = (ResourceLink, PromptMessage)
"""Content blocks that have their place elsewhere: a read has contents, and nothing beside them."""


class ContentsOutput(Output):
    """Output of the contents of a resource, as `EmbeddedResource` blocks.

    Contents without a URI of their own have an empty one. Text and bytes stand for themselves, and
    `data` renders what is no content block either. With `is_data`, which is for declared types, it
    renders content blocks as well and validates text, and `takes_bytes` says whether bytes are
    among the types.
    """

    def __init__(
        self, data: Output, *, mime_type: str | None, is_data: bool, takes_bytes: bool = False
    ) -> None:
        self._data = data
        self._mime_type = mime_type
        self._is_data = is_data
        self._takes_bytes = takes_bytes or not is_data

    def _render(self, value: Any) -> Rendered:
        value = bounded(value) if isinstance(value, Iterator) else value
        return self._plain(value) or self._written(self._data.render(value), value)

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; see `Output.render_at_once`."""
        if isinstance(value, Iterator) or (_is_content(value) and not isinstance(value, Content)):
            return None  # files are read on a thread
        plain = self._plain(value)
        if plain is not None:
            check_bytes(plain.byte_size)
            return plain
        rendered = self._data.render_at_once(value)
        return None if rendered is None else self._written(rendered, value)

    def _plain(self, value: Any) -> Rendered | None:
        """Return the contents of a value that says itself how it is written; None for data."""
        if self._takes_bytes and isinstance(value, bytes | bytearray | memoryview):
            mime_type = self._mime_type or BINARY
            contents = EmbeddedResource(uri="", data=bytes(value), mime_type=mime_type)
        elif self._is_data:
            return None
        elif isinstance(value, str | Promise):
            contents = EmbeddedResource(uri="", text=str(value), mime_type=self._mime_type or TEXT)
        elif _is_content(value):
            blocks = (value,) if isinstance(value, BLOCKS) else as_tuple(value)
            return Rendered(content=tuple(map(self._contents, blocks)))
        else:
            return None
        return Rendered(content=(contents,))

    def _written(self, rendered: Rendered, value: Any) -> Rendered:
        """Return the contents of rendered data: text as it is, and anything else as JSON."""
        (block,) = rendered.content
        assert isinstance(block, Text)
        text, is_text = block.text, isinstance(value, str | Promise)
        mime_type = self._mime_type or (TEXT if is_text else JSON)
        # Text of a tool has no quotes, and a date without them is no JSON.
        is_unquoted = not is_text and rendered.structured == {WRAPPER: text}
        if is_unquoted and OF_JSON.fullmatch(mime_type):
            text = json.dumps(text, ensure_ascii=False)
        contents = EmbeddedResource(uri="", text=text, mime_type=mime_type)
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
    if wrong := next(_no_contents(annotation), None):
        raise ValueError(f"it returns a {wrong.__name__}: a resource has no links and no messages")
    if not fields and (annotation is None or _is_plain(annotation)):
        return ContentsOutput(UndeclaredOutput(keeps_data=True), mime_type=mime_type, is_data=False)
    output = read_output(function, fields=fields)
    return ContentsOutput(
        output,
        mime_type=mime_type,
        is_data=output.schema is not None,
        takes_bytes=_takes_bytes(annotation),
    )


def _is_plain(annotation: Any) -> bool:
    if is_union(annotation):
        return all(map(_is_plain, get_args(annotation)))
    return isinstance(annotation, type) and issubclass(annotation, str | bytes | bytearray)


def _takes_bytes(annotation: Any) -> bool:
    """Return whether bytes are one of the alternatives."""
    bare, _ = unwrapped(annotation)
    if is_union(bare):
        return any(map(_takes_bytes, get_args(bare)))
    return bare in (Any, object) or (isinstance(bare, type) and issubclass(bare, bytes | bytearray))


def _no_contents(annotation: Any) -> Iterator[type]:
    """Yield the content blocks in an annotation that are no contents of a resource."""
    if isinstance(annotation, type) and issubclass(annotation, NO_CONTENTS):
        yield annotation
    for each in get_args(annotation):
        yield from _no_contents(each)


def _is_content(value: Any) -> bool:
    first = value[0] if isinstance(value, list | tuple) and value else value
    return isinstance(first, BLOCKS)
