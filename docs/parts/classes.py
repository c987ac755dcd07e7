"""Public classes: how they are made, what they promise, and their members."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module

from docs.parts.docstrings import paragraphs
from docs.parts.markdown import code, entry, table
from docs.parts.source import annotation, call_of, class_of, functions_of, written


def class_lines(subject: str) -> Iterator[str]:
    """The description of a class, named by the module that users import it from.

    Methods that the package alone calls are left out: `module.Class without this and that`.
    """
    path, _, omitted = subject.partition(" without ")
    module, _, name = path.rpartition(".")
    cls: type = getattr(import_module(module), name)
    node = class_of(cls)
    functions = {
        name: function
        for name, function in functions_of(node).items()
        if name not in omitted.split(" and ")
    }
    yield from ("```python", f"from {module} import {name}", "```", "")
    if "__init__" in functions:
        yield from (code(call_of(name, functions["__init__"]).removesuffix(" -> None")), "")
    yield from paragraphs(inspect.getdoc(cls) or "")
    if is_dataclass(cls) and (fields := list(_fields(node))):
        yield from table(("field", "type", "default"), fields)
        yield ""
    for member, function in functions.items():
        if not member.startswith("_"):
            yield from entry(call_of(member, function), ast.get_docstring(function) or "")


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """The fields of a dataclass."""
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield code(each.target.id), code(annotation(each.annotation)), code(written(each.value))
