"""What `@tool` takes."""

import inspect
import sys
from collections.abc import Iterator

from django_mcp import tool
from docs.parts.docstrings import arguments
from docs.parts.markdown import code, table
from docs.parts.source import annotation, functions_of, tree_of, written


def option_lines() -> Iterator[str]:
    """A table of the options."""
    meanings = dict(arguments(inspect.getdoc(tool) or ""))
    options = functions_of(tree_of(sys.modules[tool.__module__]))["tool"].args
    rows = [
        (
            code(each.arg),
            code(annotation(each.annotation)),
            code(written(default)),
            meanings[each.arg],
        )
        for each, default in zip(options.kwonlyargs, options.kw_defaults, strict=True)
    ]
    yield from table(("option", "type", "default", "meaning"), rows)
