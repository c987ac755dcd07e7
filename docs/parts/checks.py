"""The system checks."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.checks.registry import registry

from django_mcp import checks
from django_mcp.checks.ids import CheckId
from docs.parts.markdown import table
from docs.parts.source import Function, functions_of

LEVELS = {"Error": "error", "Warning": "warning", "Info": "info"}


@dataclass(frozen=True, slots=True)
class Module:
    """Functions of a module by name, and the modules and names of what it imports."""

    functions: Mapping[str, Function]
    imported: Mapping[str, tuple[str, str]]


def check_lines() -> Iterator[str]:
    """Yield the table of messages, each with the claim that its check verifies."""
    modules = dict(_modules())
    rows = {
        (check_id, level, _claim(check), _when(check))
        for check in _checks()
        for check_id, level in _messages(modules, check.__module__, check.__name__)
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


def _modules() -> Iterator[tuple[str, Module]]:
    # Read and not imported: some need django-oauth-toolkit.
    package = Path(checks.__file__).parent
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        tree = ast.parse(path.read_text())
        yield ".".join((checks.__name__, *parts)), Module(functions_of(tree), _imported(tree))


def _imported(tree: ast.Module) -> dict[str, tuple[str, str]]:
    # Those inside of functions, too.
    return {
        name.asname or name.name: (node.module, name.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
    }


def _when(check: Any) -> str:
    if check in registry.deployment_checks:
        return "`check --deploy`"
    return "`check --database`, `migrate`" if "database" in check.tags else "`check`"


def _messages(modules: Mapping[str, Module], module: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the ids and levels of what a function gives, by itself or through others of checks."""
    functions, imported = modules[module].functions, modules[module].imported
    for node in ast.walk(functions[name]):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        called = node.func.id
        at, function = imported.get(called, (module, called))
        if called in LEVELS:
            for keyword in node.keywords:
                if keyword.arg == "id":
                    assert isinstance(keyword.value, ast.Attribute)
                    yield CheckId[keyword.value.attr], LEVELS[called]
        elif (
            at in modules and function in modules[at].functions and (at, function) != (module, name)
        ):
            yield from _messages(modules, at, function)
