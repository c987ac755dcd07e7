"""Outputs of functions: the output schema, and the rendering of a returned value as content."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import jsonschema_rs
from django.http import FileResponse
from typing_extensions import override

from django_mcp.content import Block, Content, PromptMessage, Text
from django_mcp.context import ToolContext
from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.json_schema import JSONSchema, OutputSchema, json_form
from django_mcp.schemas.output.files import embedded_file
from django_mcp.schemas.output.serialization import Serializer, place_named
from django_mcp.schemas.plain_values import holds_iterators, without_iterators
from django_mcp.schemas.references import inlined
from django_mcp.schemas.result_limits import bounded, check_bytes, check_rows

BLOCKS = (Content, FileResponse)

REFERENCES = ("uri", "name", "title", "description")
"""Fields of content blocks beside their text or data that may be of any length."""

WRAPPER = "result"
"""Property of the structured content that holds a result which is no JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Rendered result for any client: content blocks and, for data, `structuredContent`.

    The content of a resource is in `EmbeddedResource` blocks, and that of a prompt in
    `PromptMessage`s. `meta` is JSON for the `_meta` of the result, by its keys. `rows` are the
    items of a list or of a page, and 1 for anything else; resources that it embeds add theirs.
    `has_too_many_rows` is true of one that is still to be stored, because it cannot be sent.
    """

    content: tuple[Content, ...]
    structured: dict[str, Any] | None = None
    rows: int = 1
    meta: Mapping[str, Any] = field(default_factory=dict)
    has_too_many_rows: bool = False

    def with_meta(self, key: str, value: Any) -> "Rendered":
        """Return the same result with one more key in its `meta`."""
        return replace(self, meta={**self.meta, key: value})

    @property
    def size(self) -> int:
        """Sum of characters of text and bytes of media."""
        return sum(len(text) + len(data) for text, data in self._parts())

    @property
    def byte_size(self) -> int:
        """Sum of bytes of media and, in UTF-8, of text, URIs, names and descriptions."""
        size = sum(len(text.encode()) + len(data) for text, data in self._parts())
        for block in self._blocks():
            if not isinstance(block, Text):
                given = (getattr(block, name, None) for name in REFERENCES)
                size += sum(len(each.encode()) for each in given if each)
        return size

    def _parts(self) -> Iterator[tuple[str, bytes]]:
        for block in self._blocks():
            yield getattr(block, "text", None) or "", getattr(block, "data", None) or b""

    def _blocks(self) -> Iterator[Content]:
        for each in self.content:
            yield each.block if isinstance(each, PromptMessage) else each


class Output(ABC):
    """Schema and rendering of the values that a function returns.

    `schema` is None for plain content. `is_wrapped` is true if the structured content is the
    `WRAPPER` alone, around the value.
    """

    schema: JSONSchema | None = None
    is_wrapped = False

    def render(self, value: Any) -> Rendered:
        """Return a value as content.

        May query the database. Raises `InvalidResultError` when the value breaks the schema, and
        `ResultTooLargeError`.
        """
        rendered = self._render(value)
        check_bytes(rendered.byte_size)
        return rendered

    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; None if it needs `render`, on a thread.

        Raises `ResultTooLargeError`.
        """
        return None

    def for_call(self, context: ToolContext) -> "Output":
        """Return the output for the result of one call: itself, unless it depends on the caller."""
        return self

    @abstractmethod
    def _render(self, value: Any) -> Rendered: ...


class ContentOutput(Output):
    """Output of content blocks, unchanged; files are embedded."""

    def _render(self, value: Any) -> Rendered:
        blocks = (value,) if isinstance(value, BLOCKS) else as_tuple(value)
        blocks = tuple(embedded_file(b) if isinstance(b, FileResponse) else b for b in blocks)
        if not all(isinstance(block, Content) for block in blocks):
            raise InvalidResultError("it is declared to return content, and returned data")
        if wrong := next((each for each in blocks if not isinstance(each, Block)), None):
            raise InvalidResultError(f"a {type(wrong).__name__} is no content of a result")
        return Rendered(content=blocks)

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; see `Output.render_at_once`."""
        blocks = value if isinstance(value, list | tuple) else (value,)
        # Files are read on a thread.
        return self.render(value) if all(isinstance(b, Content) for b in blocks) else None


class DataOutput(Output):
    """Output of JSON of an annotated type, validated against the published schema.

    A type that is no JSON object is wrapped as `{"result": ...}`: clients of the 2025 revisions
    lose the whole tool list over any other schema.
    """

    schema: JSONSchema

    def __init__(self, annotation: Any) -> None:
        _, declared = json_form(annotation, mode="serialization", generator=OutputSchema)
        self.is_wrapped = not is_object(declared)
        whole = wrapped(declared) if self.is_wrapped else {"type": "object", **declared}
        self.schema = inlined(whole)
        jsonschema_rs.Draft202012Validator(self.schema)  # reports an invalid schema before any call
        has_datetimes = '"date-time"' in json.dumps(declared)
        self._serializer = Serializer(annotation, has_datetimes=has_datetimes)

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(self.schema)

    def page(self, rows: Iterable[Any]) -> Any:
        """Return the JSON of fetched rows, however many. Raises as `render` does."""
        fetched = list(rows)
        return self._validated(iter(fetched) if self._serializer.is_iterator else fetched)[0]

    def _validated(self, value: Any) -> tuple[Any, str]:
        """Return the JSON of a value, and its text.

        A value that is not of the annotated type by its class may be so by its JSON: it is
        converted where it does not pass as it is.
        """
        if holds_iterators(value) and not self._serializer.takes_iterators:
            value = without_iterators(value)  # trying would use them up
        try:
            return self._data(self._serializer.dump(value), value)
        except InvalidResultError:
            return self._data(*self._serializer.dump_converted(value))

    def _render(self, value: Any) -> Rendered:
        if isinstance(value, list | tuple | set | frozenset):
            check_rows(value)
        return self._rendered(*self._validated(value))

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; see `Output.render_at_once`."""
        if holds_iterators(value):
            return None
        if isinstance(value, list | tuple | set | frozenset):
            check_rows(value)
        try:
            rendered = self._rendered(*self._data(self._serializer.dump(value), value))
        except Exception:  # noqa: BLE001  (it may have tried to query)
            return None
        check_bytes(rendered.byte_size)
        return rendered

    def _data(self, data: Any, value: Any) -> tuple[Any, str]:
        data, text = self._serializer.text_of(data, value)
        try:
            self._validator.validate({WRAPPER: data} if self.is_wrapped else data)
        except jsonschema_rs.ValidationError as breach:
            where = place_named(breach.instance_path)
            raise InvalidResultError(f"the result breaks the output schema at {where}") from None
        return data, text

    def _rendered(self, data: Any, text: str) -> Rendered:
        structured = {WRAPPER: data} if self.is_wrapped else data
        rows = len(data) if isinstance(data, list) else 1
        return Rendered(content=(Text(text=text),), structured=structured, rows=rows)


class UndeclaredOutput(Output):
    """Output of a function without a return annotation: content, or data as JSON text.

    With `keeps_data`, the data is in the structured content as well.
    """

    def __init__(self, *, keeps_data: bool = False) -> None:
        self._keeps_data = keeps_data
        self._content = ContentOutput()
        self._data = DataOutput(Any)

    def _render(self, value: Any) -> Rendered:
        value = bounded(value) if isinstance(value, Iterator) else value
        if is_content(value):
            return self._content.render(value)
        return self._shown(self._data.render(value))

    def page(self, rows: Iterable[Any]) -> Any:
        """Return the JSON of fetched rows, however many. Raises as `render` does."""
        return self._data.page(rows)

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; see `Output.render_at_once`."""
        if is_content(value):
            return self._content.render_at_once(value)
        rendered = self._data.render_at_once(value)
        return None if rendered is None else self._shown(rendered)

    def _shown(self, rendered: Rendered) -> Rendered:
        return rendered if self._keeps_data else replace(rendered, structured=None)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return the items of an iterable. Raises as `Output.render` does."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidResultError("it is declared to return several items")
    return tuple(bounded(value))


def is_content(value: Any) -> bool:
    """Return whether a value is a content block or a file, or a list that begins with one."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    return isinstance(first, BLOCKS)


def is_object(schema: JSONSchema) -> bool:
    """Return whether all that a schema allows is an object."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        schema = schema["$defs"][reference.rpartition("/")[2]]
    return schema.get("type") == "object"


def wrapped(schema: JSONSchema) -> JSONSchema:
    """Return the schema of the object that holds a value of this schema in its `WRAPPER`."""
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {
        "type": "object",
        "properties": {WRAPPER: inner},
        "required": [WRAPPER],
        **definitions,
    }
