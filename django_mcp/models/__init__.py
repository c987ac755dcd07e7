"""The package's models."""

from django_mcp.models.clients import ClientRegistration
from django_mcp.models.groups import ToolGroup, ToolSwitch
from django_mcp.models.idempotency_keys import IdempotencyKey
from django_mcp.models.prompts import PromptArgument, PromptTemplate
from django_mcp.models.records import CallRecord
from django_mcp.models.request_states import UsedRequestState
from django_mcp.models.stored_results import StoredResult
from django_mcp.models.tasks import ToolTask

__all__ = [
    "CallRecord",
    "ClientRegistration",
    "IdempotencyKey",
    "PromptArgument",
    "PromptTemplate",
    "StoredResult",
    "ToolGroup",
    "ToolSwitch",
    "ToolTask",
    "UsedRequestState",
]
