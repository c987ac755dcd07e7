"""The frozen `Resource`, made from a resolved `ResourceDeclaration`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol

from typing_extensions import override

from django_mcp.completions.primitive import CompletablePrimitive
from django_mcp.content import EmbeddedResource, Role
from django_mcp.context import ToolContext
from django_mcp.invocation import Invocation
from django_mcp.kinds import Kind
from django_mcp.schemas.output.output import Rendered

NOT_FOUND_OUTCOMES = ("not_found", "permission_denied")
"""Outcomes of reads that may not tell callers whether there is such a resource."""


class Pattern(Protocol):
    """Protocol of the pattern that the URIs of a resource match."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, in the order of the template."""

    def match(self, uri: str) -> Mapping[str, Any] | None:
        """Return the variables of a URI; None if it names no such resource."""

    def expand(self, variables: Mapping[str, Any]) -> str:
        """Return the URI of these variables."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource(CompletablePrimitive):
    """One resource, or all resources of one template, ready to be listed and read.

    `uri` is the URI or the template as it was declared, and `pattern` matches the same.
    """

    kind: ClassVar[Kind] = Kind.RESOURCE
    takes_strings: ClassVar[bool] = True
    content_class: ClassVar[Any] = EmbeddedResource

    uri: str
    pattern: Pattern
    mime_type: str | None
    size: int | None
    audience: tuple[Role, ...]
    priority: float | None
    last_modified: datetime | None

    @property
    def is_template(self) -> bool:
        """True if its URI has variables."""
        return bool(self.pattern.variables)

    @property
    def lists_by_caller(self) -> bool:
        """True if what `resources/list` has of it differs between callers who see it."""
        return False

    @override
    def render(self, invocation: Invocation, value: Any, context: ToolContext) -> Rendered:
        """Return the contents under the URI that was asked for; see `Primitive.render`."""
        return _under(invocation.uri, self.output.for_call(context).render(value))

    @override
    def render_at_once(self, invocation: Invocation, value: Any) -> Rendered | None:
        """Return the contents without a query, if it can; see `Primitive.render_at_once`."""
        rendered = self.output.render_at_once(value)
        return None if rendered is None else _under(invocation.uri, rendered)


def _under(uri: str, rendered: Rendered) -> Rendered:
    """Give contents without a URI the one that was asked for."""
    contents = tuple(
        replace(each, uri=uri) if isinstance(each, EmbeddedResource) and not each.uri else each
        for each in rendered.content
    )
    return replace(rendered, content=contents)
