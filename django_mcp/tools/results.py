"""What a tool returns: its output schema, and the content that a returned value becomes."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema_rs
from django.http import FileResponse
from pydantic import TypeAdapter
from pydantic_core import (
    PydanticSerializationError,
    PydanticSerializationUnexpectedValue,
    SchemaSerializer,
)

from django_mcp.content import Content, Text
from django_mcp.exceptions import InvalidResultError
from django_mcp.tools.datetimes import with_time_zones
from django_mcp.tools.files import embedded_file
from django_mcp.tools.references import inlined
from django_mcp.tools.schema import JSONSchema, OutputSchema, json_form

WRAPPER = "result"
"""The property that holds a result which is no JSON object by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A result ready for any client: content blocks and, for data, `structuredContent`."""

    content: tuple[Content, ...]
    structured: dict[str, Any] | None = None

    @property
    def size(self) -> int:
        """How much there is to read: characters of text and bytes of media."""
        return sum(
            len(getattr(block, "text", None) or getattr(block, "data", None) or "")
            for block in self.content
        )


class Output(ABC):
    """How the values that a tool returns are shown.

    `schema` is None for plain content. `may_query` says whether rendering reads the database, or
    files.
    """

    schema: JSONSchema | None = None
    may_query = False

    @abstractmethod
    def render(self, value: Any) -> Rendered:
        """Turn a returned value into content.

        May query the database. Raises `InvalidResultError` when the value breaks the schema.
        """


class ContentOutput(Output):
    """Content blocks, one or several, exactly as the tool made them; files are embedded."""

    def __init__(self, *, has_files: bool = False) -> None:
        self.may_query = has_files

    def render(self, value: Any) -> Rendered:
        blocks = (value,) if isinstance(value, Content | FileResponse) else as_tuple(value)
        blocks = tuple(embedded_file(b) if isinstance(b, FileResponse) else b for b in blocks)
        if not all(isinstance(block, Content) for block in blocks):
            raise InvalidResultError("the tool is declared to return content, and returned data")
        return Rendered(content=blocks)


class DataOutput(Output):
    """JSON of an annotated type, checked against the very schema that clients are given.

    A type that is no JSON object is wrapped as `{"result": ...}`: clients of the 2025 revisions
    lose the whole tool list over any other schema.
    """

    schema: JSONSchema

    def __init__(self, annotation: Any) -> None:
        _, declared = json_form(annotation, mode="serialization", generator=OutputSchema)
        self._annotation = annotation
        self._is_wrapped = not _is_object(declared)
        whole = _wrapped(declared) if self._is_wrapped else {"type": "object", **declared}
        self.schema = inlined(whole)
        jsonschema_rs.Draft202012Validator(self.schema)  # tells what is wrong before any call
        self._has_datetimes = '"date-time"' in json.dumps(declared)

    # What these two make takes memory, and few workers are asked for every tool that they have.
    @cached_property
    def _serializer(self) -> SchemaSerializer:
        adapter: TypeAdapter[Any] = TypeAdapter(self._annotation)
        return adapter.serializer

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(self.schema)

    def render(self, value: Any) -> Rendered:
        try:
            value = with_time_zones(value) if self._has_datetimes else value
            data = self._serializer.to_python(value, mode="json", by_alias=True, warnings="error")
            text = data if isinstance(data, str) else _json(data)
            text.encode()  # lone surrogates have no place in UTF-8
        except (PydanticSerializationError, PydanticSerializationUnexpectedValue) as error:
            raise InvalidResultError("the result is not of the declared type") from error
        except (ValueError, TypeError) as error:
            raise InvalidResultError("the result cannot be written as JSON") from error
        structured = {WRAPPER: data} if self._is_wrapped else data
        try:
            self._validator.validate(structured)
        except jsonschema_rs.ValidationError as breach:
            where = "/".join(map(str, breach.instance_path)) or "the root"
            raise InvalidResultError(f"the result breaks the output schema at {where}") from None
        return Rendered(content=(Text(text=text),), structured=structured)


class UndeclaredOutput(Output):
    """Whatever a tool without a return annotation returns: content, or data as JSON text."""

    def __init__(self) -> None:
        self._content = ContentOutput()
        self._data = DataOutput(Any)

    def render(self, value: Any) -> Rendered:
        kinds = Content | FileResponse
        is_content = isinstance(value, list | tuple) and value and isinstance(value[0], kinds)
        if isinstance(value, kinds) or is_content:
            return self._content.render(value)
        return Rendered(content=self._data.render(value).content)


def _is_object(schema: JSONSchema) -> bool:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        schema = schema["$defs"][reference.rpartition("/")[2]]
    return schema.get("type") == "object"


def _wrapped(schema: JSONSchema) -> JSONSchema:
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return {
        "type": "object",
        "properties": {WRAPPER: inner},
        "required": [WRAPPER],
        **definitions,
    }


def as_tuple(value: Any) -> tuple[Any, ...]:
    """The items of an iterable. Raises `InvalidResultError` for a single value or a mapping."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidResultError("the tool is declared to return several items")
    return tuple(value)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
