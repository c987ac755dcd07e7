"""Completion: the values of an argument that begin with what was typed, as clients send them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Manager, Model, QuerySet
from django.db.models.query import RawQuerySet
from django.utils.functional import Promise
from pydantic_core import to_jsonable_python

from django_mcp.completions.rows import beginning_with, can_be_filtered, check_shape
from django_mcp.conf import settings
from django_mcp.db.text import storable_text

MAX_VALUES = 100
"""Values of one completion, as MCP has it."""

MAX_VALUE_CHARACTERS = 1_000
"""Of one value; longer ones are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Values that an argument may have, at most 100.

    `total` is the number of all that match, None where it is not known; `has_more` says whether
    there are more than `values`.
    """

    values: tuple[str, ...] = ()
    total: int | None = 0
    has_more: bool = False


def completion_of(values: Any, typed: str) -> Completion:
    """Return the completion by those values that begin with `typed`, whatever their case.

    Querysets are filtered by the database where it can, and never read whole. Of anything else,
    at most `DJANGO_MCP_MAX_ROWS` values are read. Call it from a thread: it may query.
    """
    if isinstance(values, Manager):
        values = values.all()
    if isinstance(values, QuerySet):
        check_shape(values)
        if can_be_filtered(values):
            found = list(beginning_with(values, typed)[: MAX_VALUES + 1])
            return _completion(_texts(found), is_whole=len(found) <= MAX_VALUES)
    if isinstance(values, str | bytes):
        raise TypeError(f"a completion is a queryset or several values, not one {type(values)}")
    if isinstance(values, QuerySet):
        values = values.iterator(chunk_size=settings.MAX_ROWS)
    elif isinstance(values, RawQuerySet):
        values = values.iterator()
    read = list(islice(values, settings.MAX_ROWS + 1))
    start = typed.casefold()
    matching = [each for each in _texts(read) if each.casefold().startswith(start)]
    return _completion(matching, is_whole=len(read) <= settings.MAX_ROWS)


def is_sendable(text: str) -> bool:
    """Return whether a text can be a value: not too long, and free of what no call may hold."""
    return len(text) <= MAX_VALUE_CHARACTERS and text == storable_text(text, len(text))


def _completion(texts: list[str], *, is_whole: bool) -> Completion:
    return Completion(
        values=tuple(texts[:MAX_VALUES]),
        total=len(texts) if is_whole else None,
        has_more=not is_whole or len(texts) > MAX_VALUES,
    )


def _texts(values: Iterable[Any]) -> list[str]:
    """Return values as clients send them, each once; those that cannot be sent are left out."""
    texts = (_text(each) for each in values if each is not None)
    return [text for text in dict.fromkeys(texts) if is_sendable(text)]


def _text(value: Any) -> str:
    if isinstance(value, Model):
        value = value.pk
    plain = str(value) if isinstance(value, Promise) else to_jsonable_python(value)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, bool | int | float):
        return json.dumps(plain, allow_nan=False)
    raise TypeError(f"a {type(value).__name__} cannot be the value of an argument")
