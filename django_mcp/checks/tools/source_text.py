"""Search for declarators in source text, without an import of it."""

import ast

PACKAGE = "django_mcp"
DECLARATORS = (
    "tool",
    "form_tool",
    "query_tool",
    "resource",
    "resource_for",
    "storage_resources",
    "prompt",
    "register",
    "*",
)


def declares_primitives(source: str) -> bool:
    """Return whether the source imports a declarator. Raises `SyntaxError` or `ValueError`."""
    tree = ast.parse(source if PACKAGE in source else "")
    return any(_imports_declarator(node) for node in ast.walk(tree))


def _imports_declarator(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module="django_mcp", names=names):
            return any(alias.name in DECLARATORS for alias in names)
        case ast.Import(names=names):
            return any(alias.name == PACKAGE for alias in names)
    return False
