"""Paged output: rows of a queryset, with a cursor for the next page."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, QuerySet

from django_mcp.content import Text
from django_mcp.exceptions import InvalidArgumentsError, InvalidResultError, ToolError, Violation
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.models.keyset import Keyset, Position, sort_keys
from django_mcp.schemas.models.output import ModelOutput
from django_mcp.schemas.output.outer_output import OuterOutput
from django_mcp.schemas.output.output import WRAPPER, DataOutput, Output, Rendered
from django_mcp.schemas.output.serialization import json_text
from django_mcp.schemas.pages.cursors import read_cursor, write_cursor
from django_mcp.schemas.pages.parameters import CURSOR
from django_mcp.schemas.pages.rows import fetched_rows
from django_mcp.schemas.result_limits import check_bytes
from django_mcp.schemas.truncation import fitted, marked, rows_schema

NEXT = "next"
"""Property of the cursor of the next page, or null."""

HINT = f"Call again, with the `{NEXT}` of this result as `{CURSOR}`, for the others."

REASON = "is no `next` of this list for these arguments; leave it out to start again"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Page that a call requests. `bound_to` is the digest in its cursors."""

    limit: int
    position: Position | None
    bound_to: str


def read_request(*, limit: int, cursor: str | None, bound_to: str) -> PageRequest:
    """Return the page that a call requests. Raises `InvalidArgumentsError` for a foreign cursor."""
    try:
        position = None if cursor is None else read_cursor(cursor, bound_to=bound_to)
    except ValueError:
        raise InvalidArgumentsError([Violation(path=CURSOR, reason=REASON)]) from None
    return PageRequest(limit=limit, position=position, bound_to=bound_to)


class PagedOutput(OuterOutput[ModelOutput | DataOutput]):
    """Output of pages of a queryset: `{"result": [...], "next": "..."}`.

    With `truncates`, a page of too many bytes has fewer rows, and `next` follows the last of them.
    """

    def __init__(self, rows: ModelOutput | DataOutput, *, truncates: bool) -> None:
        schema = rows.schema
        assert schema is not None  # of rows
        super().__init__(rows)
        self._truncates = truncates
        self.schema: JSONSchema = {
            **schema,
            "properties": {
                **schema["properties"],
                NEXT: {
                    "anyOf": [{"type": "string"}, {"type": "null"}],
                    "description": f"The `{CURSOR}` of the next page; null after the last row.",
                },
            },
            "required": [WRAPPER, NEXT],
        }

    def render_page(self, value: Any, request: PageRequest) -> Rendered:
        """Return one page of a queryset as content, with one query for its rows.

        Raises as `render` does, and `ToolError` for a cursor of another order.
        """
        value = value.all() if isinstance(value, Manager) else value
        if not isinstance(value, QuerySet):
            raise InvalidResultError("with page_size a function must return a queryset")
        beside = self._beside(value)
        keys = tuple(sort_keys(value))  # of what was returned: `values()` may sort otherwise
        if isinstance(self._inner, ModelOutput):
            selected = self._inner.selected(value)
            value = selected if isinstance(selected, QuerySet) else value
        keyset = Keyset(value, keys)
        try:
            following = keyset.rows_after(request.position)
        except ValueError:
            raise ToolError("The arguments are invalid.", hint=f"- {CURSOR}: {REASON}") from None
        found = fetched_rows(following[: request.limit + 1], keyset.aliases)
        page = found[: request.limit]
        data = self._inner.page(row for row, _ in page)

        def shown(number: int) -> Rendered:
            cursor = None
            if len(found) > number:
                # Of no rows, for their size, it is that of all.
                position = keyset.position(page[number - 1][1])
                cursor = write_cursor(position, bound_to=request.bound_to)
            structured = {WRAPPER: data[:number], NEXT: cursor, **beside}
            rendered = Rendered(
                content=(Text(text=json_text(structured)),), structured=structured, rows=number
            )
            if number == len(page):
                return rendered
            total = len(page) if len(found) == len(page) else None
            return marked(rendered, returned=number, total=total, hint=HINT)

        if self._truncates:
            return fitted(data, shown)
        rendered = shown(len(page))
        check_bytes(rendered.byte_size)
        return rendered

    def _beside(self, rows: QuerySet[Any]) -> dict[str, Any]:
        """Return what a page has beside its rows: of a queryset that has all rows."""
        return {}

    def _render(self, value: Any) -> Rendered:
        raise NotImplementedError("a page is rendered for a request")


def paged(output: Output, *, truncates: bool) -> PagedOutput:
    """Return the paged form of an output. Raises `ValueError` for the author of the function."""
    if isinstance(output, ModelOutput | DataOutput) and rows_schema(output) is not None:
        return PagedOutput(output, truncates=truncates)
    raise ValueError(
        "page_size needs a return annotation of rows, such as list[Model] with fields, "
        "list[dict[str, Any]], or a list of pydantic models"
    )
