"""The pages on which operators open and close groups, read the record, and look after tasks."""

from django_mcp.admin.groups import ToolGroupAdmin
from django_mcp.admin.records import CallRecordAdmin
from django_mcp.admin.tasks import ToolTaskAdmin

__all__ = ["CallRecordAdmin", "ToolGroupAdmin", "ToolTaskAdmin"]
