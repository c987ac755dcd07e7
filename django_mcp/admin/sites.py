"""Registration of the package's model admins on an admin site."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.db.models import Model

from django_mcp.admin.calls.records import CallRecordAdmin
from django_mcp.admin.groups.tool_groups import ToolGroupAdmin
from django_mcp.admin.prompts.prompt_templates import PromptTemplateAdmin
from django_mcp.admin.stored_results import StoredResultAdmin
from django_mcp.admin.tasks.tool_tasks import ToolTaskAdmin
from django_mcp.models import (
    CallRecord,
    ClientRegistration,
    PromptTemplate,
    StoredResult,
    ToolGroup,
    ToolTask,
)


def register(site: AdminSite) -> None:
    """Register every page of this package on an admin site.

    A model that the site has a page of already keeps it. Django's default site has the pages
    without a call.
    """
    for model, page in _pages():
        if not site.is_registered(model):
            site.register(model, page)


def _pages() -> Iterator[tuple[type[Model], Any]]:
    yield ToolGroup, ToolGroupAdmin
    yield PromptTemplate, PromptTemplateAdmin
    yield CallRecord, CallRecordAdmin
    yield ToolTask, ToolTaskAdmin
    yield StoredResult, StoredResultAdmin
    if apps.is_installed("oauth2_provider"):
        from django_mcp.admin.clients.registrations import ClientRegistrationAdmin

        yield ClientRegistration, ClientRegistrationAdmin
