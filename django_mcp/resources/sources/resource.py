"""Base class of the resources of a source."""

from dataclasses import dataclass

from django_mcp.resources.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceResource(Resource):
    """Resources of a source, whose function takes the `CONTEXT` and the variables of the URI."""

    @property
    def may_report(self) -> bool:
        """See `Primitive`: False, because a source sends nothing before its content."""
        return False
