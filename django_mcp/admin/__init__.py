"""The pages on which operators open and close groups, read the record, and look after tasks.

Where django-oauth-toolkit is installed they look after its clients too.
"""

from django.apps import apps
from django.contrib import admin

from django_mcp.admin.groups import ToolGroupAdmin
from django_mcp.admin.records import CallRecordAdmin
from django_mcp.admin.tasks import ToolTaskAdmin
from django_mcp.models import ClientRegistration

if apps.is_installed("oauth2_provider"):
    from django_mcp.admin.registrations import ClientRegistrationAdmin

    admin.site.register(ClientRegistration, ClientRegistrationAdmin)

__all__ = ["CallRecordAdmin", "ToolGroupAdmin", "ToolTaskAdmin"]
