"""Declarations of primitives: options as their authors wrote them, and the list of all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.utils.module_loading import import_string

from django_mcp.content import Icon
from django_mcp.kinds import Key, Kind
from django_mcp.primitives.breaker import Breaker
from django_mcp.primitives.raises import Raises
from django_mcp.primitives.retry import Retry
from django_mcp.schemas.callables import dotted_name_of, located_name_of, name_of, problem_of

if TYPE_CHECKING:  # it needs models, and declarations are made while they load
    from django_mcp.primitives.primitive import Primitive


@dataclass(frozen=True)
class Declaration:
    """Function with the options of its decorator, unresolved.

    Each field but the function is an option of the decorator: the text below it stands in
    the reference.
    """

    kind: ClassVar[Kind]
    resolver: ClassVar[str]
    """Dotted path of the function that makes the primitive of a declaration.

    It is imported when the registry is built, and raises `ValueError` for the author.
    """

    function: Callable[..., Any]
    _: KW_ONLY
    name: str | None = None
    """Name that clients use: `[A-Za-z0-9_-]{1,64}`; default the function's name."""
    title: str | None = None
    """A name for people."""
    description: str | None = None
    """Description for the agent; default the docstring without its parameters."""
    group: str = "default"
    """The tool group that operators switch in the admin."""
    scopes: Iterable[str] = ()
    """OAuth scopes that the caller's token must hold, all of them."""
    permissions: Iterable[str] = ()
    """Django permissions (`app.codename`) that the user must hold, all of them."""
    requires: Callable[..., Any] | None = None
    """A predicate that must hold of the caller: a sync function of one argument, named `user` or
    `principal`. One of `user` is never called for anonymous callers."""
    breaker: Breaker | None = None
    """Circuit breaker of what it depends on: after some failures in a row its calls are refused
    for a while. Needs pybreaker, the extra `resilience`."""
    icons: Iterable[Icon] = ()
    """Icons for clients to show."""
    raises: Raises | None = None
    """Error texts by class of the exception that ends the call: a text, or a function
    that takes the exception and returns a `ToolError`, a text, or None for a failure without
    details. It comes before `DJANGO_MCP_EXCEPTIONS`."""
    timeout: float | None = None
    """Seconds that a call may take, from its arrival; default `DJANGO_MCP_TIMEOUT`. Of a background
    tool, seconds that each run may take; default `DJANGO_MCP_BACKGROUND_TIMEOUT`."""
    retry: Retry | None = None
    """Retry policy for exceptions. A tool must be idempotent or read-only. Needs the extra
    `resilience`, except on background tools."""
    rate: str | Iterable[str] = ()
    """Limits of calls by each caller, such as `30/m` or `["30/m", "500/d"]`."""
    max_concurrent: int | None = None
    """Calls of it that may run at once, those of all callers together. One more is refused as
    busy; default for tools `DJANGO_MCP_MAX_CALLS_PER_TOOL`."""

    def __post_init__(self) -> None:
        self._collect("scopes", "permissions", "icons")
        if isinstance(self.rate, Iterable):  # what is not is among the problems
            self._collect("rate")

    def _collect(self, *names: str) -> None:
        """Replace iterables by tuples: a generator would be empty when it is resolved again."""
        for name in names:
            value = getattr(self, name)
            # A lone string would otherwise become one scope per letter.
            items = (value,) if isinstance(value, str) else tuple(value)
            object.__setattr__(self, name, items)

    @property
    def named_function(self) -> Callable[..., Any]:
        """Function that names the primitive, and whose place its author is shown."""
        return self.function

    @property
    def key(self) -> Key:
        """Kind and name of the primitive."""
        return self.kind, name_of(self.named_function) if self.name is None else self.name

    @property
    def address(self) -> str | None:
        """Second key that clients find it by, such as a URI: unique within the kind, or None."""
        return None

    @property
    def is_repeatable(self) -> bool:
        """True if a second run with the same arguments does no harm."""
        return True

    @property
    def is_background(self) -> bool:
        """True if its function runs outside of requests."""
        return False

    @property
    def companions(self) -> "Sequence[Declaration]":
        """Declarations that this one brings along, such as that of a resource for a tool."""
        return ()

    @property
    def dotted_name(self) -> str:
        """Dotted name of the function, such as `shop.services.add_expense`."""
        return dotted_name_of(self.named_function)

    @property
    def located_name(self) -> str:
        """Dotted name with file and line, for messages to the author."""
        return located_name_of(self.named_function)

    @property
    def function_problem(self) -> str | None:
        """Problem of a function that can never be served, for its author; None for no problem."""
        return problem_of(self.function, kind=self.kind)

    def expand(self) -> "Sequence[Declaration]":
        """Return the declarations that stand for this one: several, where it declares many at once.

        Called when the registry is built. Raises `ValueError` for the author.
        """
        return (self,)

    def resolve(self) -> "Primitive":
        """Return the primitive. Raises `ValueError` with all that is wrong, for the author."""
        primitive: Primitive = import_string(self.resolver)(self)
        return primitive


D = TypeVar("D", bound=Declaration)

_declarations: list[Declaration] = []


def register(declaration: Declaration) -> None:
    """Add a declaration, as the decorators do: for adapters that declare what is no plain function.

    Call it where `@tool` would stand: in a module that `DJANGO_MCP_AUTODISCOVER` names.
    """
    if not isinstance(declaration, Declaration):
        raise TypeError(f"register() takes a declaration, not {declaration!r}")
    _declarations.append(declaration)


def declarations() -> Sequence[Declaration]:
    """Return every declaration so far, in the order of registration."""
    return tuple(_declarations)


def declarations_of(cls: type[D]) -> Sequence[D]:
    """Return every declaration of one class so far, in the order of registration."""
    return tuple(each for each in _declarations if isinstance(each, cls))


@contextmanager
def collecting() -> Iterator[list[Declaration]]:
    """Collect the declarations made inside the block, apart from the process's own."""
    global _declarations
    outer, _declarations = _declarations, []
    try:
        yield _declarations
    finally:
        _declarations = outer
