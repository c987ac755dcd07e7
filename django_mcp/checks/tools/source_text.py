"""Source text that imports what declares tools; nothing is imported to find out."""

import ast

PACKAGE = "django_mcp"
DECLARING = ("tool", "register", "*")


def declares_tools(source: str) -> bool:
    """Whether the source imports what declares tools. Raises `SyntaxError` or `ValueError`."""
    tree = ast.parse(source if PACKAGE in source else "")
    return any(_imports_declarator(node) for node in ast.walk(tree))


def _imports_declarator(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module="django_mcp", names=names):
            return any(alias.name in DECLARING for alias in names)
        case ast.Import(names=names):
            return any(alias.name == PACKAGE for alias in names)
    return False
