"""Every tool of the project, resolved once per process."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from types import MappingProxyType

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.tools.declaration import ToolDeclaration, declarations
from django_mcp.tools.requirement import Requirement
from django_mcp.tools.tool import Tool, resolve


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The tools by name, in the order of their names; lists keep it, so that it never varies."""

    tools: Mapping[str, Tool]

    def get(self, name: str) -> Tool | None:
        return self.tools.get(name)

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of all groups, in alphabetical order."""
        return tuple(sorted({tool.group for tool in self.tools.values()}))

    @cached_property
    def scopes(self) -> Mapping[str, str]:
        """Every scope that a tool asks for, with the first group that uses it."""
        found: dict[str, str] = {}
        for tool in self.tools.values():
            for scope in tool.scopes:
                found.setdefault(scope, tool.group)
        return dict(sorted(found.items()))

    @cached_property
    def permissions(self) -> frozenset[tuple[str, ...]]:
        """All that tools ask for, each once: what one tool needs together."""
        return frozenset(tool.permissions for tool in self.tools.values() if tool.permissions)

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """All that tools require of callers, each once, in the order of the tools."""
        required = (tool.requires for tool in self.tools.values() if tool.requires is not None)
        return tuple(dict.fromkeys(required))

    def in_group(self, group: str) -> tuple[Tool, ...]:
        return tuple(tool for tool in self.tools.values() if tool.group == group)


def build(declared: Iterable[ToolDeclaration]) -> Registry:
    """Resolve declarations into a registry.

    Raises `ToolRegistrationError` that names every tool which cannot be served, and why.
    """
    registry, problems = _resolved(declared)
    if problems:
        raise ToolRegistrationError(problems)
    return registry


def _resolved(declared: Iterable[ToolDeclaration]) -> tuple[Registry, list[str]]:
    """The tools that can be served, and what is wrong with the others."""
    problems: list[str] = []
    tools: dict[str, Tool] = {}
    spelled: dict[str, ToolDeclaration] = {}
    for declaration in declared:
        earlier = spelled.setdefault(str(declaration.name).casefold(), declaration)
        if earlier is not declaration:
            case = "" if earlier.name == declaration.name else ", but for upper and lower case"
            problems.append(
                f"{declaration.located_name}: {earlier.located_name} has the name "
                f"{declaration.name!r} already{case}"
            )
            continue
        try:
            tools[declaration.name] = resolve(declaration)
        except Exception as error:  # noqa: BLE001  (whoever raises it does not name the tool)
            problems.append(f"{declaration.located_name}: {error}")
    return Registry(tools=MappingProxyType(dict(sorted(tools.items())))), problems


_lock = Lock()
_registry: Registry | None = None


def get_registry() -> Registry:
    """The process's registry, built at the first call; see `build` for what it raises."""
    global _registry
    if _registry is None:
        with _lock:
            if _registry is None:
                _registry = build(declarations())
    return _registry


def servable_tools() -> Iterable[Tool]:
    """Every tool that can be served, also where others cannot and the endpoint does not start."""
    try:
        return get_registry().tools.values()
    except ToolRegistrationError:
        return _resolved(declarations())[0].tools.values()


@contextmanager
def using_registry(registry: Registry) -> Iterator[Registry]:
    """Serve these tools instead of the project's inside the block: for tests."""
    global _registry
    before, _registry = _registry, registry
    try:
        yield registry
    finally:
        _registry = before
