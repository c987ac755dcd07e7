"""The frozen `ModelResource`, made from a resolved `ModelResourceDeclaration`."""

from dataclasses import dataclass

from django_mcp.resources.models.entries import Entries
from django_mcp.resources.sources.resource import SourceResource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelResource(SourceResource):
    """Instances of a model under the URIs of one template.

    `entries` are those of `resources/list`; None if it has none of them.
    """

    entries: Entries | None

    @property
    def lists_by_caller(self) -> bool:
        """See `Resource`: true if the function of its instances takes the caller."""
        return self.entries is not None and bool(self.entries.instances.queryset.takes)
