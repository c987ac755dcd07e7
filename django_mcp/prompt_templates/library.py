"""Template library of prompts: those tags and filters of Django that open nothing and end soon.

Left out is what reads files, URLs, requests or the process, what makes more text than it is given
(`ljust`, `stringformat`, `lorem`, `join`), what takes the square of its length (`truncatechars` and
`slugify` normalize, `wordwrap` wraps), and what is of no use where all values are texts.
"""

import functools
import unicodedata
from collections.abc import Callable
from itertools import groupby
from typing import Any

from django.template import Engine, Library

from django_mcp.prompt_templates.budget import spend

TAGS = ("comment", "firstof", "for", "if", "now", "templatetag", "verbatim", "with")

FILTERS = (
    "add",
    "addslashes",
    "capfirst",
    "cut",
    "default",
    "default_if_none",
    "divisibleby",
    "escape",
    "first",
    "force_escape",
    "last",
    "length",
    "linenumbers",
    "lower",
    "pluralize",
    "slice",
    "title",
    "truncatewords",
    "upper",
    "wordcount",
    "yesno",
)

NORMALIZING = frozenset({"slugify", "truncatechars"})
"""Filters that normalize a text, which sorts each run of combining characters."""

Filter = Callable[..., Any]


def bounded_filter(function: Filter, *, is_normalizing: bool = False) -> Filter:
    """Return the filter with a price: what it is given before it runs, and its result after.

    One that normalizes costs the square of each run of combining characters besides.
    """

    @functools.wraps(function)  # with the marks that Django reads of it
    def run(*values: Any, **options: Any) -> Any:
        spend(*values, work=_work_of_runs(values[0]) if is_normalizing else 0)
        result = function(*values, **options)
        spend(result)
        return result

    return run


def _library() -> Library:
    library = Library()
    for builtin in Engine(loaders=[]).template_builtins:
        for name in builtin.tags.keys() & set(TAGS):
            library.tags[name] = builtin.tags[name]
        for name in builtin.filters.keys() & set(FILTERS):
            library.filters[name] = bounded_filter(
                builtin.filters[name], is_normalizing=name in NORMALIZING
            )
    return library


def _work_of_runs(value: Any) -> int:
    text = str(value)
    if text.isascii():
        return 0
    runs = groupby(text, key=_is_combining)
    return sum(sum(1 for _ in run) ** 2 for is_run, run in runs if is_run)


@functools.lru_cache(maxsize=4096)
def _is_combining(character: str) -> bool:
    # Some say that they do not combine, such as U+0F73, and are decomposed into two that do.
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) > 0


register = _library()
