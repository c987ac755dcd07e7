"""The frozen `Tool`, made from a resolved `ToolDeclaration`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django_mcp.context import ToolContext
from django_mcp.invocation import Invocation
from django_mcp.kinds import Kind
from django_mcp.primitives.primitive import Primitive
from django_mcp.schemas.input.signature import Signature
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.output import Rendered
from django_mcp.schemas.pages.cursors import binding
from django_mcp.schemas.pages.output import PagedOutput, PageRequest, read_request
from django_mcp.schemas.pages.parameters import CURSOR, LIMIT
from django_mcp.tools.background import Background
from django_mcp.tools.declaration import Overflow
from django_mcp.tools.preparation import Preparation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tool(Primitive):
    """One tool, ready to be listed and called.

    `idempotency_key` names the parameter that holds one, if any. `background` is None for a tool
    that runs within its request; of any other it has the `timeout` and the `retry`, which concern
    its runs. `annotations` are those that clients are shown, by their names in Python, where they
    are others than the options.
    """

    kind: ClassVar[Kind] = Kind.TOOL

    destructive: bool | None
    idempotent: bool | None
    idempotency_key: str | None
    open_world: bool | None
    page_size: int | None
    overflow: Overflow
    has_parameter_headers: bool
    background: Background | None
    preparation: Preparation | None
    annotations: Mapping[str, Any] | None = None

    @property
    def is_repeatable(self) -> bool:
        """True if a second run with the same arguments does no harm."""
        return self.read_only or bool(self.idempotent)

    @property
    def may_report(self) -> bool:
        """See `Primitive`: the worker of a background tool can, whatever its function does."""
        return self.background is not None or self.signature.context_parameter is not None

    @property
    def argument_schema(self) -> JSONSchema:
        """JSON Schema of all arguments of a run; clients send fewer where `prepare` adds some."""
        return self._complete_signature.input_schema

    @property
    def output_schema(self) -> JSONSchema | None:
        """JSON Schema of the result; None without structured output."""
        return self.output.schema

    def bind_completed(self, invocation: Invocation, context: ToolContext) -> dict[str, Any]:
        """Validate arguments as `bind` does, after the preparation has completed them."""
        return self.bind_to(self._complete_signature, invocation, context)

    def bind_to(
        self, signature: Signature, invocation: Invocation, context: ToolContext
    ) -> dict[str, Any]:
        """Validate arguments as `bind` does, against this signature; check the cursor as well."""
        # With slots, super() without arguments fails before Python 3.14.
        bound = Primitive.bind_to(self, signature, invocation, context)
        if self.page_size is not None:
            self._page_request(invocation)
            for name in (LIMIT, CURSOR):
                bound.pop(name, None)
        return bound

    def render(self, invocation: Invocation, value: Any, context: ToolContext) -> Rendered:
        """Return the result of a call whose function returned `value`; see `Output.render`."""
        output = self.output.for_call(context)
        if isinstance(output, PagedOutput):
            return output.render_page(value, self._page_request(invocation))
        return output.render(value)

    def _page_request(self, invocation: Invocation) -> PageRequest:
        arguments, user = invocation.arguments, invocation.principal.user
        # Without what a preparation adds: a cursor belongs to what clients send.
        own = self.signature.input_schema["properties"].keys() - {LIMIT, CURSOR}
        return read_request(
            limit=int(arguments.get(LIMIT) or self.page_size or 0),
            cursor=arguments.get(CURSOR),
            bound_to=binding(
                tool=self.name,
                endpoint=invocation.principal.endpoint.name,
                user=None if user is None else user.pk,
                arguments={name: arguments[name] for name in own & arguments.keys()},
            ),
        )

    @property
    def _complete_signature(self) -> Signature:
        return self.signature if self.preparation is None else self.preparation.completed
