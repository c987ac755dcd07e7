"""What the code declares, for pages that must work even when some of it cannot be served."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.tools.declaration import declarations
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTools:
    """The names of the tools by group, and the resolved tools by name.

    When the registry cannot be built, the names are there, `tools` is empty, and `problems` says
    why.
    """

    names: Mapping[str, Collection[str]]
    tools: Mapping[str, Tool] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def has_group(self, group: str) -> bool:
        return group in self.names

    def has_tool(self, group: str, name: str) -> bool:
        return name in self.in_group(group)

    def in_group(self, group: str) -> Collection[str]:
        """The names of the group's tools, in alphabetical order."""
        return self.names.get(group, ())


def read_declared() -> DeclaredTools:
    """Read what this process declares. While that cannot be served, each call tries it anew."""
    try:
        tools = get_registry().tools
    except ToolRegistrationError as error:
        pairs = {(declaration.group, declaration.name) for declaration in declarations()}
        return DeclaredTools(names=_by_group(pairs), problems=error.problems)
    return DeclaredTools(
        names=_by_group({(tool.group, tool.name) for tool in tools.values()}), tools=tools
    )


def _by_group(pairs: Collection[tuple[str, str]]) -> Mapping[str, Collection[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for group, name in sorted(pairs):
        names[group].append(name)
    return dict(names)
