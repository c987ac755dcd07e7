"""Base class of the primitives whose arguments can be completed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django_mcp.completions.completer import Completer
from django_mcp.primitives.primitive import Primitive


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompletablePrimitive(Primitive):
    """Primitive whose arguments clients complete: a prompt, or a resource with a template.

    `completers` are those of its arguments, by their names for clients; the others are completed by
    the choices in their schemas.
    """

    completers: Mapping[str, Completer] = field(default_factory=dict)
