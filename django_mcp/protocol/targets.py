"""Targets of requests: what a call, read or get names, and its look-up as the caller sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django_mcp.catalog import Lookup, look_up, look_up_first
from django_mcp.kinds import Kind
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.prompts.prompt import Prompt
from django_mcp.protocol.uris import redacted_uri
from django_mcp.resources.routes import matches
from django_mcp.tools.tool import Tool

KINDS: Mapping[str, Kind] = {
    "tools/call": Kind.TOOL,
    "resources/read": Kind.RESOURCE,
    "prompts/get": Kind.PROMPT,
}
"""Kinds of the targets of requests, by their method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Target of a request: the kind and name of a primitive, and the arguments for it.

    A read names a `uri`; until its resource is found, that is its name, without what may be secret.
    """

    kind: Kind
    name: str
    arguments: Mapping[str, Any]
    uri: str = ""

    @classmethod
    def of(cls, kind: Kind, params: Mapping[str, Any]) -> "Target | None":
        """Return the target in the params of a request; None if they are malformed."""
        name = params.get("uri" if kind is Kind.RESOURCE else "name")
        arguments = None if kind is Kind.RESOURCE else params.get("arguments")
        if not isinstance(name, str) or not isinstance(arguments, dict | None):
            return None
        if kind is Kind.RESOURCE:
            return cls(kind=kind, name=redacted_uri(name), arguments={}, uri=name)
        return cls(kind=kind, name=name, arguments=arguments or {})

    async def look_up(self, principal: Principal) -> tuple["Target", Lookup[Primitive]]:
        """Look the target up, once for a request.

        Returns it with the name and the variables of the resource that its URI was found to be.
        """
        lookup: Lookup[Any]
        if self.kind is not Kind.RESOURCE:
            cls = Tool if self.kind is Kind.TOOL else Prompt
            lookup = await look_up(cls, self.name, principal)
            return self, lookup
        candidates = matches(self.uri)
        lookup = await look_up_first([each.resource for each in candidates], principal)
        for resource, variables in candidates:
            if resource is lookup.found:
                return replace(self, name=resource.name, arguments=variables), lookup
        return self, lookup
