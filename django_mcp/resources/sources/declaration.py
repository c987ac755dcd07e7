"""Base class of the declarations of resources that a call makes, and no decorator."""

from dataclasses import dataclass

from django_mcp.primitives.located_declaration import LocatedDeclaration
from django_mcp.resources.declaration import ResourceOptions


@dataclass(frozen=True)
class SourceDeclaration(LocatedDeclaration, ResourceOptions):
    """Declaration of the resources of a source."""
