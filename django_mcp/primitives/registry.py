"""Registry of the project's primitives, resolved once per process."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from types import MappingProxyType
from typing import Any, TypeVar

from django_mcp.exceptions import ToolRegistrationError
from django_mcp.kinds import Key, sort_key
from django_mcp.primitives.breaker import Breaker
from django_mcp.primitives.declaration import Declaration, declarations
from django_mcp.primitives.invalidation.model_receivers import connect_receivers
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.requirement import Requirement

P = TypeVar("P", bound=Primitive)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Immutable mapping of primitives by kind and name: tools, resources, prompts, each by name.

    Code that knows a kind looks up by its class: `registry.find(Tool, "add_order")` is a `Tool`.
    """

    primitives: Mapping[Key, Primitive] = field(default_factory=dict)
    _derived: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False, compare=False)

    def get(self, kind: str, name: str) -> Primitive | None:
        """Return the primitive of this kind and name."""
        return self.primitives.get((kind, name))

    def find(self, cls: type[P], name: str) -> P | None:
        """Return the primitive of this class and name."""
        found = self.primitives.get((cls.kind, name))
        return found if isinstance(found, cls) else None

    def of(self, cls: type[P]) -> Mapping[str, P]:
        """Return the primitives of this class by name."""
        of_class: Mapping[str, P] = self._kept(
            cls,
            lambda: MappingProxyType(
                {each.name: each for each in self.primitives.values() if isinstance(each, cls)}
            ),
        )
        return of_class

    def derived(self, make: "Callable[[Registry], T]") -> T:
        """Return what `make` makes of the registry, such as an index: made once."""
        made: T = self._kept(make, lambda: make(self))
        return made

    def _kept(self, key: Callable[..., Any], make: Callable[[], Any]) -> Any:
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of all groups, in alphabetical order."""
        return tuple(sorted({each.group for each in self.primitives.values()}))

    @cached_property
    def scopes(self) -> Mapping[str, str]:
        """Scopes that primitives require, each with the first group that uses it."""
        found: dict[str, str] = {}
        for each in self.primitives.values():
            for scope in each.scopes:
                found.setdefault(scope, each.group)
        return dict(sorted(found.items()))

    @cached_property
    def permissions(self) -> frozenset[tuple[str, ...]]:
        """Sets of permissions that primitives require together, each set once."""
        every = self.primitives.values()
        return frozenset(each.permissions for each in every if each.permissions)

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """Requirements of all primitives, each once, in the order of the primitives."""
        every = self.primitives.values()
        required = (each.requires for each in every if each.requires is not None)
        return tuple(dict.fromkeys(required))

    def in_group(self, group: str) -> tuple[Primitive, ...]:
        """Return the primitives of a group."""
        return tuple(each for each in self.primitives.values() if each.group == group)


def build(declared: Iterable[Declaration]) -> Registry:
    """Resolve declarations into a registry.

    Raises `ToolRegistrationError` that names every declaration which cannot be served, and why.
    """
    declared = tuple(declared)
    registry, problems = _resolved(declared)
    if problems:
        raise ToolRegistrationError(problems)
    connect_receivers(declared)
    return registry


def _resolved(declared: Iterable[Declaration]) -> tuple[Registry, list[str]]:
    """Return the primitives that can be served, and the problems of the others."""
    problems: list[str] = []
    primitives: dict[Key, Primitive] = {}
    spelled: dict[Key, Declaration] = {}
    addressed: dict[Key, Declaration] = {}
    breakers: dict[str, tuple[Breaker, Declaration]] = {}
    pending: deque[Declaration] = deque()
    for declaration in declared:
        try:
            pending += declaration.expand()
        except Exception as error:  # noqa: BLE001  (it comes from a server of the project)
            problems.append(f"{declaration.located_name}: {error}")
    while pending:
        declaration = pending.popleft()
        kind, name = declaration.key
        earlier = spelled.setdefault((kind, str(name).casefold()), declaration)
        if earlier is not declaration:
            case = "" if earlier.key == declaration.key else ", but for upper and lower case"
            problems.append(
                f"{declaration.located_name}: {earlier.located_name} has the name "
                f"{name!r} already{case}"
            )
            continue
        address = declaration.address
        if address is not None:
            earlier = addressed.setdefault((kind, address), declaration)
            if earlier is not declaration:
                problems.append(
                    f"{declaration.located_name}: matches the same URIs as {earlier.located_name}"
                )
                continue
        try:
            primitive = declaration.resolve()
        except Exception as error:  # noqa: BLE001  (whoever raises it does not name the function)
            problems.append(f"{declaration.located_name}: {error}")
            continue
        breaker = primitive.breaker
        if breaker is not None and breaker.name is not None:
            shared, earlier = breakers.setdefault(breaker.name, (breaker, declaration))
            if not breaker.agrees_with(shared):
                problems.append(
                    f"{declaration.located_name}: {earlier.located_name} declares the breaker "
                    f"{breaker.name!r} with failures={shared.failures}, reset={shared.reset:g}: "
                    "a breaker of one name has one of each"
                )
                continue
        primitives[kind, name] = primitive
        pending += declaration.companions
    in_order = {key: primitives[key] for key in sorted(primitives, key=sort_key)}
    return Registry(primitives=MappingProxyType(in_order)), problems


_lock = Lock()
_registry: Registry | None = None


def get_registry() -> Registry:
    """Return the registry of the process, built at the first call; raises as `build` does."""
    global _registry
    if _registry is None:
        with _lock:
            if _registry is None:
                _registry = build(declarations())
    return _registry


def servable() -> Collection[Primitive]:
    """Return the primitives that can be served, even if the registry as a whole is invalid."""
    try:
        return get_registry().primitives.values()
    except ToolRegistrationError:
        return _resolved(declarations())[0].primitives.values()


@contextmanager
def using_registry(registry: Registry) -> Iterator[Registry]:
    """Replace the registry of the process inside the block: for tests."""
    global _registry
    before, _registry = _registry, registry
    try:
        yield registry
    finally:
        _registry = before
