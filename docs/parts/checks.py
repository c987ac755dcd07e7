"""The system checks."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.checks.registry import registry

from django_mcp import checks
from django_mcp.checks.ids import CheckId
from docs.parts.markdown import table
from docs.parts.source import Function, functions_of

LEVELS = {"Error": "error", "Warning": "warning", "Info": "info"}


def check_lines() -> Iterator[str]:
    """Yield the table of messages, each with the claim that its check verifies."""
    functions = {name: each for part in _modules() for name, each in functions_of(part).items()}
    rows = {
        (check_id, level, _claim(check), _when(check))
        for check in _checks()
        for check_id, level in _messages(functions, check.__name__)
    }
    linked = [
        (f"[`{check_id}`](#{check_id.lower().replace('.', '')})", *facts)
        for check_id, *facts in sorted(rows)
    ]
    yield from table(("id", "level", "checked", "by"), linked)


def _claim(check: Any) -> str:
    claim = check.__doc__.splitlines()[0].removeprefix("Check that ")
    return f"{claim[:1].upper()}{claim[1:]}"


def _checks() -> Iterator[Any]:
    for check in [*registry.registered_checks, *registry.deployment_checks]:
        if check.__module__.startswith(f"{checks.__name__}."):
            yield check


def _modules() -> Iterator[ast.Module]:
    # Read and not imported: some need django-oauth-toolkit.
    for path in sorted(Path(checks.__file__).parent.rglob("*.py")):
        yield ast.parse(path.read_text())


def _when(check: Any) -> str:
    if check in registry.deployment_checks:
        return "`check --deploy`"
    return "`check --database`, `migrate`" if "database" in check.tags else "`check`"


def _messages(functions: Mapping[str, Function], name: str) -> Iterator[tuple[str, str]]:
    """The ids and levels of what a function gives, by itself or through others of the package."""
    for node in ast.walk(functions[name]):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in functions and node.func.id != name:
            yield from _messages(functions, node.func.id)
        elif node.func.id in LEVELS:
            for keyword in node.keywords:
                if keyword.arg == "id":
                    assert isinstance(keyword.value, ast.Attribute)
                    yield CheckId[keyword.value.attr], LEVELS[node.func.id]
