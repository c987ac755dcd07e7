"""The exceptions."""

import ast
import inspect
from collections.abc import Iterator

from django_mcp import exceptions
from docs.parts.docstrings import summary
from docs.parts.markdown import code, table
from docs.parts.source import class_of, functions_of


def exception_lines() -> Iterator[str]:
    """A table of every exception, with the attributes that hold the facts."""
    rows = [
        (
            code(name),
            code(cls.__base__.__name__ if cls.__base__ else ""),
            summary(inspect.getdoc(cls) or ""),
            code(cls.outcome) if issubclass(cls, exceptions.CallError) else "",
            _retry(cls) if issubclass(cls, exceptions.CallError) else "",
            ", ".join(map(code, _attributes(cls))),
        )
        for name, cls in vars(exceptions).items()
        if isinstance(cls, type) and issubclass(cls, exceptions.DjangoMCPError)
    ]
    yield from table(("exception", "is a", "meaning", "outcome", "retryable", "attributes"), rows)


def _retry(cls: type[exceptions.CallError]) -> str:
    if cls.retryable and cls.retry_after is not None:
        return f"after {cls.retry_after:g} s"
    return "yes" if cls.retryable else ""


def _attributes(cls: type) -> Iterator[str]:
    init = functions_of(class_of(cls)).get("__init__")
    for node in ast.walk(init) if init else ():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
