"""The options of the decorators: fields of declarations, with the texts below them."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from django_mcp.completions.declaration import CompletableDeclaration
from django_mcp.contrib.drf.declaration import ViewDeclaration
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.result_cache.options import CacheOptions
from django_mcp.resources.declaration import ResourceDeclaration, ResourceOptions
from django_mcp.resources.files.declaration import StorageResourceDeclaration
from django_mcp.resources.models.declaration import ModelResourceDeclaration
from django_mcp.tools.adopted.declaration import ServerDeclaration
from django_mcp.tools.background import BackgroundOptions
from django_mcp.tools.declaration import ToolDeclaration, ToolOptions
from django_mcp.tools.forms.declaration import FormToolDeclaration
from django_mcp.tools.queries.declaration import QueryToolDeclaration
from docs.parts.markdown import code, table
from docs.parts.source import annotation, class_of, written

CLASSES: Mapping[str, tuple[type, ...]] = {
    "tool": (Declaration, CacheOptions, ToolOptions, ToolDeclaration, BackgroundOptions),
    "form_tool": (
        FormToolDeclaration,
        Declaration,
        CacheOptions,
        ToolOptions,
        BackgroundOptions,
    ),
    "query_tool": (
        QueryToolDeclaration,
        Declaration,
        CacheOptions,
        ToolOptions,
        BackgroundOptions,
    ),
    "adopt": (ServerDeclaration, Declaration, CacheOptions, ToolOptions, BackgroundOptions),
    "resource": (
        ResourceOptions,
        ResourceDeclaration,
        CacheOptions,
        CompletableDeclaration,
        Declaration,
    ),
    "resource_for": (
        ModelResourceDeclaration,
        ResourceOptions,
        CacheOptions,
        CompletableDeclaration,
        Declaration,
    ),
    "storage_resources": (
        StorageResourceDeclaration,
        ResourceOptions,
        CacheOptions,
        CompletableDeclaration,
        Declaration,
    ),
    "prompt": (CompletableDeclaration, Declaration),
    "expose": (ViewDeclaration, Declaration, CacheOptions, ToolOptions, BackgroundOptions),
}
"""The classes with the options of each decorator or function, those that come first overriding."""


def option_lines(decorator: str) -> Iterator[str]:
    """A table of the options of a decorator."""
    rows: dict[str, tuple[str, ...]] = {}
    declaration: Any = CLASSES[decorator][0]
    fixed = {each.name for each in fields(declaration) if not each.init}
    for cls in CLASSES[decorator]:
        for name, field, meaning in _options(class_of(cls)):
            if name in fixed:
                continue
            kind, default = annotation(field.annotation), written(field.value)
            rows.setdefault(name, (code(name), code(kind), code(default), meaning))
    yield from table(("option", "type", "default", "meaning"), list(rows.values()))


def _options(node: ast.ClassDef) -> Iterator[tuple[str, ast.AnnAssign, str]]:
    """The fields with a text below them."""
    for field, below in pairwise(node.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ) if not annotation(field.annotation).startswith("ClassVar"):
                yield name, field, " ".join(text.split())
