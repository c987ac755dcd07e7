"""The options of `@tool`: the fields of its declaration, with the texts below them."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from django_mcp.primitives.declaration import Declaration
from django_mcp.tools.background import BackgroundOptions
from django_mcp.tools.declaration import ToolDeclaration
from docs.parts.markdown import code, table
from docs.parts.source import annotation, class_of, written


def option_lines() -> Iterator[str]:
    """A table of the options."""
    rows = [
        (code(name), code(annotation(field.annotation)), code(written(field.value)), meaning)
        for cls in (Declaration, ToolDeclaration, BackgroundOptions)
        for name, field, meaning in _options(class_of(cls))
    ]
    yield from table(("option", "type", "default", "meaning"), rows)


def _options(node: ast.ClassDef) -> Iterator[tuple[str, ast.AnnAssign, str]]:
    """The fields that have a default, each with the text below it."""
    for field, below in pairwise(node.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, field, " ".join(text.split())
