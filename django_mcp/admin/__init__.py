"""The pages on which operators open and close tool groups, and read the record of calls."""

from django_mcp.admin.groups import ToolGroupAdmin
from django_mcp.admin.records import CallRecordAdmin

__all__ = ["CallRecordAdmin", "ToolGroupAdmin"]
