"""Answers of the API and of the tools, in a form in which they can be compared."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection

from django_mcp.testing import ToolResult

KINDS = {
    400: "invalid_arguments",
    401: "permission_denied",
    403: "permission_denied",
    404: "not_found",
    409: "conflict",
    429: "rate_limited",
}


POSITIONS = ("page", "p", "page_size", "limit", "offset", "cursor")
FIRST: Mapping[str, Mapping[str, int]] = {
    "customers": {"page": 1},
    "projects": {"offset": 0},
    "entries": {},
    "invoices": {"p": 1},
    "overdue": {"p": 1},
}
"""The first page of each list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a caller was told, and the rows that were there afterwards.

    `kind` is that of a refusal, empty for none; `data` is JSON as text, with the order of its keys.
    """

    kind: str
    data: str
    rows: Mapping[str, Any]
    words: str = field(default="", compare=False)

    def differences(self, other: "Answer") -> Iterator[str]:
        """What another answer has otherwise, in words."""
        if (self.kind, self.data) != (other.kind, other.data):
            yield f"{other.kind}{other.data} {other.words}, not {self.kind}{self.data}"
        yield from (
            f"{model}: {other.rows[model]}, not {rows}"
            for model, rows in self.rows.items()
            if other.rows[model] != rows
        )


def rest_answer(response: Any) -> Answer:
    """The answer of the API, in the words of tools."""
    status = response.status_code
    if status >= 400:
        kind = KINDS.get(status, "failed" if status >= 500 else "tool_error")
        return Answer(kind=kind, data="", rows=_rows())
    data = json.loads(response.content) if response.content else None
    return Answer(kind="", data=json.dumps(_with_arguments(data)), rows=_rows())


def tool_answer(result: ToolResult) -> Answer:
    """The answer of a tool."""
    if result.is_error:
        return Answer(kind=result.error["kind"], data="", rows=_rows(), words=result.text)
    return Answer(kind="", data=json.dumps(unwrapped(result)), rows=_rows())


def unwrapped(result: ToolResult) -> Any:
    """The JSON that a tool answered with; what is no object, and has no schema, is text."""
    if result.structured is None:
        return json.loads(result.text) if result.text else None
    return result.data


def _with_arguments(data: Any) -> Any:
    """The data with arguments in the place of links to other pages."""
    if isinstance(data, list):
        return [_with_arguments(value) for value in data]
    if not isinstance(data, dict):
        return data
    return {
        name: _arguments(value)
        if name in {"next", "previous"} and isinstance(value, str)
        else _with_arguments(value)
        for name, value in data.items()
    }


def _arguments(link: str) -> Any:
    """The arguments that ask for what a link leads to. The first page has no number in a link."""
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    found = {
        name: int(query[name][0]) if query[name][0].isdecimal() else query[name][0]
        for name in POSITIONS
        if name in query
    }
    kind = parts.path.rstrip("/").rpartition("/")[2]
    return {**FIRST[kind], **found} if FIRST[kind].keys() - found.keys() else found


def _rows() -> dict[str, Any]:
    """All rows of the API, by model."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_app_config("billing").get_models(include_auto_created=True)
    }


def begin_keys_anew() -> None:
    """Let the next rows have the keys that they had when the same was written before."""
    models = list(apps.get_app_config("billing").get_models(include_auto_created=True))
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
