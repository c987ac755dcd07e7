"""Model admin of stored results: whose they are, and until when; not what they hold."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from typing_extensions import override

from django_mcp.admin.read_only import ReadOnlyAdmin, printable_field
from django_mcp.models import StoredResult

COLUMNS = ("tool", "shown_user", "shown_client", "media_type", "size", "created", "expires")


class StoredResultAdmin(ReadOnlyAdmin):
    """Model admin of stored results; operators may delete them, and read none."""

    list_display = COLUMNS
    list_filter = ()
    fields = readonly_fields = (*COLUMNS, "endpoint", "user", "client", "call_id")

    shown_user = printable_field(StoredResult, "username")
    shown_client = printable_field(StoredResult, "client_name")

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("data")

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
