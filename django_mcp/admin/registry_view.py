"""Read-only view of the registry that still has names while the registry cannot be built."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.kinds import Key, sort_key
from django_mcp.primitives.declaration import declarations
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import Registry, get_registry
from django_mcp.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryView:
    """Declared primitives: kinds and names by group, and the registry.

    If the registry cannot be built, it is empty, `keys` is complete, and `problems` has the
    reasons.
    """

    keys: Mapping[str, Collection[Key]]
    registry: Registry = field(default_factory=Registry)
    problems: tuple[str, ...] = ()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Resolved tools, by name."""
        return self.registry.of(Tool)

    def has_group(self, group: str) -> bool:
        """Return whether the code declares the group."""
        return group in self.keys

    def has(self, group: str, key: Key) -> bool:
        """Return whether the code declares this primitive in the group."""
        return key in self.in_group(group)

    def in_group(self, group: str) -> Collection[Key]:
        """Return the kinds and names of the group's primitives, in their order."""
        return self.keys.get(group, ())

    def find(self, group: str, key: Key) -> Primitive | None:
        """Return the resolved primitive, if it belongs to the group."""
        found = self.registry.primitives.get(key)
        return found if found is not None and found.group == group else None


def read_registry() -> RegistryView:
    """Return the view of this process. Each call tries again to build a registry that failed."""
    try:
        registry = get_registry()
    except ToolRegistrationError as error:
        pairs = {(each.group, each.key) for each in declarations()}
        return RegistryView(keys=_by_group(pairs), problems=error.problems)
    every = registry.primitives.values()
    return RegistryView(keys=_by_group((each.group, each.key) for each in every), registry=registry)


def _by_group(pairs: Iterable[tuple[str, Key]]) -> Mapping[str, Collection[Key]]:
    keys: dict[str, list[Key]] = defaultdict(list)
    for group, key in sorted(pairs, key=lambda pair: (pair[0], sort_key(pair[1]))):
        keys[group].append(key)
    return dict(keys)
