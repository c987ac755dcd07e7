"""Serve the functions of a Django project's service layer to MCP clients.

Everything that tool authors type is importable from here. Importing this package reads no
settings and loads neither models, pydantic nor the MCP SDK, so service modules may do so anywhere.
"""

from django_mcp.content import (
    Audio,
    Content,
    EmbeddedResource,
    Icon,
    Image,
    PromptMessage,
    Redacted,
    ResourceLink,
    Text,
    resource_link,
)
from django_mcp.context import ToolContext
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import (
    ArgumentError,
    DjangoMCPError,
    ElicitationCancelledError,
    ElicitationDeclinedError,
    ToolError,
)
from django_mcp.peers import Peer
from django_mcp.primitives.breaker import Breaker
from django_mcp.primitives.declaration import register
from django_mcp.primitives.invalidation.invalidation import invalidate
from django_mcp.primitives.retry import Retry
from django_mcp.principals import Principal
from django_mcp.prompts.declaration import PromptDeclaration, prompt
from django_mcp.resources.declaration import ResourceDeclaration, resource
from django_mcp.resources.files.declaration import StorageResourceDeclaration, storage_resources
from django_mcp.resources.models.declaration import ModelResourceDeclaration, resource_for
from django_mcp.schemas.big_integers import BigInt
from django_mcp.tools.adopted.declaration import ServerDeclaration, adopt
from django_mcp.tools.declaration import ToolDeclaration, tool
from django_mcp.tools.forms.declaration import FormToolDeclaration, form_tool
from django_mcp.tools.queries.declaration import QueryToolDeclaration, query_tool

__all__ = [
    "ArgumentError",
    "Audio",
    "BigInt",
    "Breaker",
    "Content",
    "DjangoMCPError",
    "ElicitationCancelledError",
    "ElicitationDeclinedError",
    "EmbeddedResource",
    "Endpoint",
    "FormToolDeclaration",
    "Icon",
    "Image",
    "ModelResourceDeclaration",
    "Peer",
    "Principal",
    "PromptDeclaration",
    "PromptMessage",
    "QueryToolDeclaration",
    "Redacted",
    "ResourceDeclaration",
    "ResourceLink",
    "Retry",
    "ServerDeclaration",
    "StorageResourceDeclaration",
    "Text",
    "ToolContext",
    "ToolDeclaration",
    "ToolError",
    "adopt",
    "form_tool",
    "invalidate",
    "prompt",
    "query_tool",
    "register",
    "resource",
    "resource_for",
    "resource_link",
    "storage_resources",
    "tool",
]

__version__ = "0.1.0"
