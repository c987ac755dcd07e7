"""The names that users, clients and tests rely on, in one list for each kind of name."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import get_args

from django.core.management import get_commands

import django_mcp
from django_mcp import exceptions
from django_mcp.conf import declared_settings
from django_mcp.models import CallRecord
from docs.parts.commands import actions_of
from docs.parts.markdown import code, table

META_KEY = re.compile(r"django-mcp/[a-z-]+")


def name_lines(kind: str) -> Iterator[str]:
    """A table of all names of a kind."""
    return WRITERS[kind]()


def _meta_keys() -> Iterator[str]:
    found: dict[str, str] = {}
    for path in sorted(Path(django_mcp.__file__).parent.rglob("*.py")):
        body = ast.parse(path.read_text()).body
        for node, documentation in pairwise(body):
            if isinstance(node, ast.Assign) and (key := _text(node)) and META_KEY.fullmatch(key):
                found[key] = (_text(documentation) or "").partition("\n\n")[0].replace("\n", " ")
    yield from table(("key", "is"), [(code(key), found[key]) for key in sorted(found)])


def _text(node: ast.stmt) -> str | None:
    value = node.value if isinstance(node, ast.Assign | ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _kinds() -> Iterator[str]:
    carriers: dict[str, list[str]] = {value: [] for value in CallRecord.Outcome.values}
    for outcome in get_args(exceptions.ToolOutcome):
        carriers[outcome].append(code(exceptions.ToolError.__name__))
    for name, cls in _classes():
        if issubclass(cls, exceptions.CallError) and cls is not exceptions.ToolError:
            carriers[cls.outcome].append(code(name))
    rows = [
        (code(value), str(CallRecord.Outcome(value).label), ", ".join(names))
        for value, names in carriers.items()
    ]
    yield from table(("kind", "in the admin", "exceptions"), rows)


def _exceptions() -> Iterator[str]:
    rows = [
        (
            code(name),
            code(cls.__base__.__name__ if cls.__base__ else ""),
            code(cls.outcome) if issubclass(cls, exceptions.CallError) else "",
        )
        for name, cls in _classes()
    ]
    yield from table(("exception", "is a", "kind"), rows)


def _classes() -> Iterator[tuple[str, type[exceptions.DjangoMCPError]]]:
    for name, cls in vars(exceptions).items():
        if isinstance(cls, type) and issubclass(cls, exceptions.DjangoMCPError):
            yield name, cls


def _settings() -> Iterator[str]:
    yield from table(("setting",), [(code(each.name),) for each in declared_settings()])


def _commands() -> Iterator[str]:
    names = sorted(name for name, app in get_commands().items() if app == "django_mcp")
    rows = [(code(name), ", ".join(map(code, actions_of(name)))) for name in names]
    yield from table(("command", "actions"), rows)


WRITERS: Mapping[str, Callable[[], Iterator[str]]] = {
    "keys": _meta_keys,
    "kinds": _kinds,
    "exceptions": _exceptions,
    "settings": _settings,
    "commands": _commands,
}
