"""Output of lists that are shortened to whole rows where they are larger than a result may be."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import Manager, QuerySet
from django.db.models.query import RawQuerySet
from typing_extensions import override

from django_mcp.conf import settings
from django_mcp.content import Text
from django_mcp.exceptions import ResultTooLargeError
from django_mcp.meta_keys import TRUNCATED_META_KEY
from django_mcp.schemas.models.output import ModelOutput
from django_mcp.schemas.output.outer_output import OuterOutput
from django_mcp.schemas.output.output import (
    WRAPPER,
    DataOutput,
    Output,
    Rendered,
    UndeclaredOutput,
    is_content,
)
from django_mcp.schemas.output.serialization import json_text
from django_mcp.schemas.plain_values import NOT_LISTS
from django_mcp.schemas.result_limits import too_many_rows

HINT = "Narrow the search to get the others."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """First rows of a list, as many as a result may have; `total` is None where nobody knows it."""

    items: list[Any]
    total: int | None

    @property
    def is_whole(self) -> bool:
        """True if these are all."""
        return self.total == len(self.items)


class TruncatedOutput(OuterOutput[ModelOutput | DataOutput | UndeclaredOutput]):
    """Output of a list, of which the first rows are sent where it has too many rows or bytes.

    Values of a function without a return annotation that are no lists are rendered as they are.
    """

    def __init__(self, rows: ModelOutput | DataOutput | UndeclaredOutput) -> None:
        super().__init__(rows)
        self.schema = rows.schema
        self.is_wrapped = rows.is_wrapped

    @override
    def render(self, value: Any) -> Rendered:
        """Return the first rows as content; see `Output.render`."""
        value = value.all() if isinstance(value, Manager) else value
        if not _is_list(value) or (self.schema is None and is_content(value)):
            return self._inner.render(value)
        rows = self._first_rows(value)
        if self.schema is None and is_content(rows.items):  # those of an iterator
            if not rows.is_whole:
                raise too_many_rows()
            return self._inner.render(rows.items)
        data = self._inner.page(rows.items)

        def shown(number: int) -> Rendered:
            return self._rendered(data[:number], rows)

        return fitted(data, shown)

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query, unless it is shortened; see `Output.render_at_once`."""
        try:
            return self._inner.render_at_once(value)
        except ResultTooLargeError:
            return None

    def _first_rows(self, value: Any) -> Rows:
        limit = settings.MAX_ROWS
        total: int | None
        if isinstance(value, QuerySet) and value._result_cache is None:
            rows = self._inner.selected(value) if isinstance(self._inner, ModelOutput) else value
            rows = rows[: limit + 1] if isinstance(rows, QuerySet) else islice(rows, limit + 1)
            items = list(rows)
            total = len(items) if len(items) <= limit else value.count()
        else:
            source = value.iterator() if isinstance(value, RawQuerySet) else value
            items = list(islice(source, limit + 1))
            is_sized = isinstance(value, Collection)
            total = len(value) if is_sized else len(items) if len(items) <= limit else None
        return Rows(items=items[:limit], total=total)

    def _rendered(self, data: list[Any], rows: Rows) -> Rendered:
        rendered = Rendered(
            content=(Text(text=json_text(data)),),
            structured=None if self.schema is None else {WRAPPER: data},
            rows=len(data),
        )
        if len(data) == rows.total:
            return rendered
        return marked(rendered, returned=len(data), total=rows.total, hint=HINT)

    def _render(self, value: Any) -> Rendered:
        raise NotImplementedError("`render` knows whether the result is cut")


def marked(rendered: Rendered, *, returned: int, total: int | None, hint: str) -> Rendered:
    """Return a shortened result that says so: in its `_meta`, and in a last block of text."""
    number = f"the first {returned} rows" if total is None else f"{returned} of {total} rows"
    facts = {
        "returned": returned,
        "remaining": None if total is None else total - returned,
        "hint": hint,
    }
    words = Text(text=f"This is a part of the result: {number}. {hint}")
    return replace(rendered, content=(*rendered.content, words)).with_meta(
        TRUNCATED_META_KEY, facts
    )


def fitted(data: list[Any], shown: Callable[[int], Rendered]) -> Rendered:
    """Return as many first rows of the data as a result may hold, by the function that shows them.

    Raises `ResultTooLargeError` when there is no room for one.
    """
    limit = settings.MAX_RESULT_BYTES
    rendered = shown(len(data))
    if rendered.byte_size <= limit:
        return rendered
    number = _fitting(data, limit - shown(0).byte_size)
    while number:
        rendered = shown(number)
        if rendered.byte_size <= limit:
            return rendered
        number -= 1
    raise ResultTooLargeError(
        f"One row of the result is larger than {limit} bytes.",
        hint="Ask for other rows, or for less of each.",
        advice="Return less in a row; DJANGO_MCP_MAX_RESULT_BYTES is the limit.",
    )


def _fitting(data: Iterable[Any], room: int) -> int:
    number = 0
    for row in data:
        room -= len(json_text(row).encode()) + 1
        if room < 0:
            break
        number += 1
    return number


def truncated(output: Output) -> TruncatedOutput:
    """Return the form of an output that shortens lists. Raises `ValueError` for the author."""
    if isinstance(output, UndeclaredOutput):
        return TruncatedOutput(output)
    if rows := rows_schema(output):
        if rows.get("minItems"):
            raise ValueError('overflow="truncate" may return fewer rows than the annotation allows')
        assert isinstance(output, ModelOutput | DataOutput)
        return TruncatedOutput(output)
    raise ValueError(
        'overflow="truncate" is for tools that return lists: the return annotation names none'
    )


def rows_schema(output: Output) -> Mapping[str, Any] | None:
    """Return the schema of the list that is the whole of an output; None for any other output."""
    if isinstance(output, ModelOutput | DataOutput) and output.is_wrapped and output.schema:
        rows: Mapping[str, Any] = output.schema["properties"][WRAPPER]
        if rows.get("type") == "array" and "prefixItems" not in rows:
            return rows
    return None


def _is_list(value: Any) -> bool:
    is_iterable = isinstance(value, QuerySet | RawQuerySet | Collection | Iterator)
    return is_iterable and not isinstance(value, (*NOT_LISTS, Mapping))
