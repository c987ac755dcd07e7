"""The record of calls in the admin: to be read, by superusers too."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_mcp.admin.export import csv_response
from django_mcp.admin.filters import (
    ClientFilter,
    OutcomeFilter,
    PeriodFilter,
    ToolFilter,
    UserFilter,
)
from django_mcp.admin.markup import Tone, json_block, mark
from django_mcp.admin.moments import local_moment
from django_mcp.admin.record_list import RecordList
from django_mcp.models import CallRecord
from django_mcp.models.records import CallRecordQuerySet

Outcome = CallRecord.Outcome

TONES: dict[str, Tone] = {
    Outcome.OK: Tone.GOOD,
    Outcome.RUNNING: Tone.QUIET,
    Outcome.CANCELLED: Tone.QUIET,
    Outcome.FAILED: Tone.BAD,
    Outcome.UNKNOWN: Tone.BAD,
}
"""What each outcome means for the operator: refusals and the tool's own errors are warnings."""


@admin.register(CallRecord)
class CallRecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Nobody adds, changes or deletes a record here; `mcp_audit prune` removes old ones."""

    list_display = (
        "started_at",
        "name",
        "marked_outcome",
        "caller",
        "application",
        "duration",
        "was_delivered",
    )
    list_filter = (PeriodFilter, OutcomeFilter, UserFilter, ClientFilter, ToolFilter)
    list_per_page = 50
    sortable_by = ()
    search_fields = ("call_id",)  # shows the form; the list itself knows what to look up
    search_help_text = _("A whole call id, tool name, user name or key, client name or id.")
    actions = ("export_selected",)
    # Counting a large table twice, or once for every choice of a filter, would take long.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    change_list_template = "django_mcp/admin/records.html"
    change_form_template = "django_mcp/admin/record.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "linked_tool",
                    "kind",
                    "marked_outcome",
                    "error_class",
                    "started_at",
                    "duration",
                    "shown_arguments",
                    "result_size",
                    "delivered",
                )
            },
        ),
        (
            _("Caller"),
            {
                "fields": (
                    "linked_user",
                    "user",
                    "linked_client",
                    "client",
                    "client_info",
                    "address",
                    "shown_scopes",
                    "credential",
                )
            },
        ),
        (
            _("Traces"),
            {"fields": ("call_id", "endpoint", "protocol_version", "trace_id", "task_id")},
        ),
    )

    class Media:
        css = {"all": ("django_mcp/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: CallRecord | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CallRecord | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Others, typed into the address, would look through the whole table.
        return lookup in {"period", "after", "before", "outcome", "user", "client", "tool"}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset, False  # the list looks the term up, index by index

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/",
            self.admin_site.admin_view(self.export_list),
            name="django_mcp_callrecord_export",
        )
        return [export, *super().get_urls()]

    def export_list(self, request: HttpRequest) -> HttpResponseBase:
        """All that the filters and the search of a list leave, however much it is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            # The stubs know of no other queryset than Django's.
            calls: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:django_mcp_callrecord_changelist"))
        return csv_response(request, calls.queryset)

    @admin.action(permissions=["view"], description=_("Export selected calls as CSV"))
    def export_selected(
        self, request: HttpRequest, queryset: CallRecordQuerySet
    ) -> HttpResponseBase:
        return csv_response(request, queryset)

    @admin.display(description=_("started"))
    def started_at(self, record: CallRecord) -> str:
        return date_format(local_moment(record.started), "Y-m-d H:i:s")

    @admin.display(description=_("outcome"))
    def marked_outcome(self, record: CallRecord) -> SafeString:
        tone = TONES.get(record.outcome, Tone.WARNING)
        return mark(record.get_outcome_display(), tone)

    @admin.display(description=_("user"))
    def caller(self, record: CallRecord) -> str:
        return record.username or record.user or gettext("anonymous")

    @admin.display(description=_("client"))
    def application(self, record: CallRecord) -> str | None:
        return record.client_name or record.client or None

    @admin.display(description=_("duration"))
    def duration(self, record: CallRecord) -> str | None:
        if record.duration_ms is None:
            return None
        if record.duration_ms < 1000:
            return gettext("%(number)s ms") % {"number": number_format(record.duration_ms)}
        seconds = round(record.duration_ms / 1000, 1)  # number_format would cut
        return gettext("%(number)s s") % {"number": number_format(seconds, 1)}

    @admin.display(description=_("delivered"), boolean=True)
    def was_delivered(self, record: CallRecord) -> bool | None:
        if record.outcome in (Outcome.RUNNING, Outcome.UNKNOWN):
            return None
        return record.delivered

    @admin.display(description=_("tool"))
    def linked_tool(self, record: CallRecord) -> SafeString:
        return self._linked(record.name, _("all calls of this tool"), tool=record.name)

    @admin.display(description=_("user"))
    def linked_user(self, record: CallRecord) -> SafeString | str:
        if not record.user:
            return self.caller(record)
        return self._linked(self.caller(record), _("all calls of this user"), user=record.user)

    @admin.display(description=_("client"))
    def linked_client(self, record: CallRecord) -> SafeString | str | None:
        name = self.application(record)
        if name is None or not record.client:
            return name
        return self._linked(name, _("all calls of this client"), client=record.client)

    def _linked(self, name: str, label: str | Promise, **chosen: str) -> SafeString:
        address = reverse(
            "admin:django_mcp_callrecord_changelist", current_app=self.admin_site.name
        )
        query = urlencode({**chosen, "period": "all"})
        return format_html(
            '{} <a class="mcp-link" href="{}?{}">{}</a>', name, address, query, label
        )

    @admin.display(description=_("scopes"))
    def shown_scopes(self, record: CallRecord) -> SafeString | None:
        scopes = record.scopes.split()
        return format_html_join(" ", "<code>{}</code>", ((scope,) for scope in scopes)) or None

    @admin.display(description=_("arguments"))
    def shown_arguments(self, record: CallRecord) -> SafeString:
        return json_block(record.arguments)
