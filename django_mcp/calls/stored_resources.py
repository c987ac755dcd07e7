"""Resources of stored results: one for each tool that stores some, as visible as the tool."""

from dataclasses import dataclass, field
from uuid import UUID

from typing_extensions import override

from django_mcp.calls.stored_results import URI
from django_mcp.content import EmbeddedResource
from django_mcp.context import ToolContext
from django_mcp.models import StoredResult
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.registry import get_registry
from django_mcp.principals import Principal
from django_mcp.resources.declaration import ResourceDeclaration
from django_mcp.tools.tool import Tool


@dataclass(frozen=True)
class StoredResultsDeclaration(ResourceDeclaration):
    """Declaration of the resource of the stored results of a tool."""

    tool: Declaration = field(kw_only=True)

    @property
    @override
    def located_name(self) -> str:
        """See `Declaration`: that of the tool, whose author reads it."""
        return self.tool.located_name


def stored_results_of(tool: Declaration) -> StoredResultsDeclaration:
    """Return the declaration of the resource by which results of this tool are read.

    It has the group, scopes, permissions and requirement of the tool.
    """
    _, name = tool.key

    def read(result: str, context: ToolContext) -> EmbeddedResource:
        return _contents(name, result, context.principal)

    return StoredResultsDeclaration(
        read,
        URI.format(tool=name, result="{result}"),
        name=f"{name}_results",
        title=f"Results of {name}",
        description=f"Results of the tool {name} that were too large to be sent: the tool links "
        "to each, and its caller can read it until it expires.",
        group=tool.group,
        scopes=tool.scopes,
        permissions=tool.permissions,
        requires=tool.requires,
        tool=tool,
    )


def _contents(name: str, result: str, principal: Principal) -> EmbeddedResource:
    """Return what is stored under a key.

    Raises `StoredResult.DoesNotExist` for a caller who may not read it, or not use the tool any
    more, as for a key that is no key.
    """
    tool = get_registry().find(Tool, name)
    if tool is None or not Visibility(principal, current_snapshot()).sees(tool):
        raise StoredResult.DoesNotExist
    try:
        key = UUID(result)
    except ValueError:
        raise StoredResult.DoesNotExist from None
    found = StoredResult.objects.owned_by(principal).get(pk=key, tool=name)
    data = bytes(found.data)
    if found.is_text:
        return EmbeddedResource(uri="", text=data.decode(), mime_type=found.media_type)
    return EmbeddedResource(uri="", data=data, mime_type=found.media_type)
