"""Base class of the declarations that a call makes, and no decorator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from django_mcp.kinds import Key
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.locations import Location


@dataclass(frozen=True)
class LocatedDeclaration(Declaration):
    """Declaration whose author is shown the place of the call, as there is no function to show."""

    function: Callable[..., Any] = field(init=False)
    location: Location = field(init=False, default_factory=Location.of_caller, compare=False)

    @property
    def default_name(self) -> str:
        """Name where no other is given."""
        raise NotImplementedError

    @property
    @override
    def key(self) -> Key:
        """See `Declaration`."""
        return self.kind, self.default_name if self.name is None else self.name

    @property
    @override
    def dotted_name(self) -> str:
        """Module of the call, and the name of the primitive, such as `shop.mcp_tools.order`."""
        return f"{self.location.module}.{self.key[1]}"

    @property
    @override
    def located_name(self) -> str:
        """See `Declaration`."""
        return f"{self.dotted_name} ({self.location})"

    @property
    @override
    def function_problem(self) -> str | None:
        """None: what its functions must be, the resolution of each kind of source says."""
        return None
