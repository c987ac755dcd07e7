"""The pages on which operators open and close groups, read the record, and look after tasks.

Where django-oauth-toolkit is installed they look after its clients too.
"""

from django.contrib import admin

from django_mcp.admin.calls.records import CallRecordAdmin
from django_mcp.admin.groups.tool_groups import ToolGroupAdmin
from django_mcp.admin.sites import register
from django_mcp.admin.tasks.tool_tasks import ToolTaskAdmin

__all__ = ["CallRecordAdmin", "ToolGroupAdmin", "ToolTaskAdmin", "register"]

register(admin.site)
