"""Base class of outputs that render by another output, within limits of their own."""

from copy import copy
from typing import Any, Generic, Self, TypeVar

from typing_extensions import override

from django_mcp.context import ToolContext
from django_mcp.schemas.output.output import Output

Inner = TypeVar("Inner", bound=Output)


class OuterOutput(Output, Generic[Inner]):
    """Output around an `inner` one, which may depend on the caller."""

    def __init__(self, inner: Inner) -> None:
        self._inner = inner

    @override
    def for_call(self, context: ToolContext) -> Self:
        """Return the output for the result of one call; see `Output.for_call`."""
        inner: Any = self._inner.for_call(context)
        if inner is self._inner:
            return self
        own = copy(self)
        own._inner = inner
        return own
