"""URI templates (RFC 6570), matched by the MCP SDK, which no other module here knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver.resources import DEFAULT_RESOURCE_SECURITY
from mcp.shared.uri_template import UriTemplate

MAX_URI_CHARACTERS = 8_000
"""Length above which no URI names a resource; RFC 9110, section 4.1, asks for as many."""

UNDECODABLE = "\ufffd"
"""Character that stands for bytes which are no UTF-8."""


@dataclass(frozen=True, slots=True)
class URIPattern:
    """Pattern that a URI matches: one URI, or the URIs of a template."""

    template: UriTemplate

    @classmethod
    def parse(cls, text: str) -> "URIPattern":
        """Return the pattern that is written so. Raises `ValueError` for its author."""
        try:
            return cls(UriTemplate.parse(text))
        except ValueError as error:
            raise ValueError(f"the URI {text!r} is no template: {error}") from error

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, each once, in the order of the template."""
        return tuple(dict.fromkeys(self.template.variable_names))

    @property
    def optional_variables(self) -> frozenset[str]:
        """Names of the variables that a URI may leave out: those of the query."""
        return self.template.query_variable_names

    @property
    def list_variables(self) -> frozenset[str]:
        """Names of the variables whose values are lists: those with an asterisk."""
        return frozenset(each.name for each in self.template.variables if each.explode)

    def match(self, uri: str) -> Mapping[str, Any] | None:
        """Return the variables of a URI, decoded: strings, or lists of them; None for no match.

        Values that lead out of where they belong match nothing: `..` on the way up, absolute paths
        and NUL, however they were encoded. Nor do values that are no UTF-8.
        """
        # The scan reads from the end: of most templates it would read a long URI for nothing.
        if not uri.startswith(self.template.template.partition("{")[0]) or not uri.isprintable():
            return None
        found = self.template.match(uri, max_uri_length=MAX_URI_CHARACTERS)
        if found is None or DEFAULT_RESOURCE_SECURITY.validate(found) is not None:
            return None
        return None if any(UNDECODABLE in text for text in _texts(found)) else found

    def expand(self, variables: Mapping[str, Any]) -> str:
        """Return the URI of these variables, each percent-encoded as its place asks for."""
        return self.template.expand(
            {
                name: [str(each) for each in value] if isinstance(value, list) else str(value)
                for name, value in variables.items()
            }
        )


def _texts(variables: Mapping[str, Any]) -> Iterator[str]:
    for value in variables.values():
        yield from value if isinstance(value, list) else (value,)
