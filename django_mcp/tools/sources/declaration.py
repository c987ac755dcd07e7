"""Base class of the declarations of tools that a call makes, and no decorator."""

from dataclasses import dataclass

from django_mcp.primitives.located_declaration import LocatedDeclaration
from django_mcp.tools.declaration import ToolOptions


@dataclass(frozen=True, kw_only=True)
class ToolSourceDeclaration(LocatedDeclaration, ToolOptions):
    """Declaration of a tool of a source. Each kind sets `function`, which describes it."""
