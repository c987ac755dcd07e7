"""Template library of prompts: those tags and filters of Django that open nothing and end soon.

Left out is what reads files, URLs, requests or the process, what makes more text than it is given
(`ljust`, `stringformat`, `lorem`, `join`), what takes the square of its length (`truncatechars` and
`slugify` normalize, `wordwrap` wraps), and what is of no use where all values are texts.
"""

import functools
from collections.abc import Callable
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

Filter = Callable[..., Any]


def bounded_filter(function: Filter) -> Filter:
    """Return the filter with a price: what it is given before it runs, and its result after."""

    @functools.wraps(function)  # with the marks that Django reads of it
    def run(*values: Any, **options: Any) -> Any:
        spend(*values)
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
            library.filters[name] = bounded_filter(builtin.filters[name])
    return library


register = _library()
