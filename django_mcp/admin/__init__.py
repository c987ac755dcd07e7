"""Model admins of tool groups, prompts, call records, tasks, stored results and OAuth clients.

Clients have pages only where django-oauth-toolkit is installed.
"""

from django.contrib import admin

from django_mcp.admin.calls.records import CallRecordAdmin
from django_mcp.admin.groups.tool_groups import ToolGroupAdmin
from django_mcp.admin.prompts.prompt_templates import PromptTemplateAdmin
from django_mcp.admin.sites import register
from django_mcp.admin.stored_results import StoredResultAdmin
from django_mcp.admin.tasks.tool_tasks import ToolTaskAdmin

__all__ = [
    "CallRecordAdmin",
    "PromptTemplateAdmin",
    "StoredResultAdmin",
    "ToolGroupAdmin",
    "ToolTaskAdmin",
    "register",
]

register(admin.site)
