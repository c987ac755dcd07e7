"""Model admin of call records: read-only for every user, and exported as CSV."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.calls.columns import CallAdmin
from django_mcp.admin.calls.export import csv_response
from django_mcp.admin.changelist.changelist import CallChangeList
from django_mcp.admin.changelist.filters import (
    ClientFilter,
    KindFilter,
    NameFilter,
    OutcomeFilter,
    PeriodFilter,
    UserFilter,
)
from django_mcp.admin.formats import duration_text, moment_text
from django_mcp.admin.links import attach_caller_links
from django_mcp.admin.markup import Tone, in_line, json_block, mark, words
from django_mcp.admin.read_only import printable_field
from django_mcp.models import CallRecord, ToolTask
from django_mcp.models.records import CallRecordQuerySet

Outcome = CallRecord.Outcome

TONES: dict[str, Tone] = {
    Outcome.OK: Tone.GOOD,
    Outcome.RUNNING: Tone.QUIET,
    Outcome.CANCELLED: Tone.QUIET,
    Outcome.FAILED: Tone.BAD,
    Outcome.FOLLOW_UP_FAILED: Tone.BAD,
    Outcome.UNKNOWN: Tone.BAD,
}
"""Tones by outcome; the others, refusals and errors for the client, are warnings."""


class CallRecordAdmin(CallAdmin):
    """Model admin of call records; `mcp_audit prune` deletes old ones."""

    list_display = (
        "started_at",
        "caller",
        "shown_name",
        "listed_outcome",
        "application",
        "duration",
    )
    list_filter = (PeriodFilter, OutcomeFilter, KindFilter, UserFilter, ClientFilter, NameFilter)
    search_help_text = _(
        "A whole call id, name of a tool, resource or prompt, user name or key, client name or id."
    )
    actions = ("export_selected",)
    change_list_template = "django_mcp/admin/records.html"
    change_form_template = "django_mcp/admin/record.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "linked_name",
                    "kind",
                    "marked_outcome",
                    "shown_error_class",
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
                    "shown_user",
                    "linked_client",
                    "shown_client",
                    "shown_client_info",
                    "shown_address",
                    "shown_scopes",
                    "shown_credential",
                )
            },
        ),
        (
            pgettext_lazy("left by a call", "Traces"),
            {
                "fields": (
                    "call_id",
                    "shown_endpoint",
                    "shown_protocol_version",
                    "shown_traceparent",
                    "shown_task_id",
                    "shown_worker",
                )
            },
        ),
    )

    shown_error_class = printable_field(CallRecord, "error_class")
    shown_user = printable_field(CallRecord, "user")
    shown_client = printable_field(CallRecord, "client")
    shown_client_info = printable_field(CallRecord, "client_info")
    shown_address = printable_field(CallRecord, "address")
    shown_credential = printable_field(CallRecord, "credential")
    shown_endpoint = printable_field(CallRecord, "endpoint")
    shown_protocol_version = printable_field(CallRecord, "protocol_version")
    shown_traceparent = printable_field(CallRecord, "traceparent")
    shown_task_id = printable_field(CallRecord, "task_id")
    shown_worker = printable_field(CallRecord, "worker")

    @override
    def get_fieldsets(self, request: HttpRequest, obj: CallRecord | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or obj.calls == 1:
            return fieldsets
        return [(_("Several calls"), {"fields": ("calls",)}), *fieldsets]

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CallChangeList

    @override
    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        call = super().get_object(request, *args, **kwargs)
        if call is not None:
            attach_caller_links(request, self.admin_site, [call])
        return call

    @override
    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/",
            self.admin_site.admin_view(self.export_list),
            name="django_mcp_callrecord_export",
        )
        return [export, *super().get_urls()]

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record: CallRecord = context["original"]
        if record.task_id:
            context["task_link"] = self.link_to(request, ToolTask, "call_id", record.call_id)
        return super().render_change_form(request, context, *args, **kwargs)

    def export_list(self, request: HttpRequest) -> HttpResponseBase:
        """Export every row that the filters and the search of a list leave."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            # The stubs know of no other queryset than Django's.
            calls: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.url_of("changelist"))
        return csv_response(request, calls.queryset)

    @admin.action(permissions=["view"], description=_("Export selected calls as CSV"))
    def export_selected(
        self, request: HttpRequest, queryset: CallRecordQuerySet
    ) -> HttpResponseBase:
        """Return a CSV file of the selected calls."""
        return csv_response(request, queryset)

    @admin.display(description=pgettext_lazy("call", "started"))
    def started_at(self, record: CallRecord) -> SafeString:
        """Return the start of the call."""
        return words(moment_text(record.started))

    @admin.display(description=_("outcome"))
    def marked_outcome(self, record: CallRecord) -> SafeString:
        """Return the outcome as a coloured mark, with the number of calls that the row counts."""
        tone = TONES.get(record.outcome, Tone.WARNING)
        outcome = mark(record.get_outcome_display(), tone)
        if record.calls == 1:
            return outcome
        calls = ngettext("%(count)d call", "%(count)d calls", record.calls)
        return format_html("{} {}", outcome, calls % {"count": record.calls})

    @admin.display(description=_("outcome"))
    def listed_outcome(self, record: CallRecord) -> SafeString:
        """Outcome, with a note where the client did not wait for the result."""
        outcome = self.marked_outcome(record)
        if record.delivered or record.outcome in (Outcome.RUNNING, Outcome.UNKNOWN):
            return outcome
        note = gettext("not delivered")
        return in_line([outcome, format_html('<span class="mcp-quiet">{}</span>', note)])

    @admin.display(description=_("duration"))
    def duration(self, record: CallRecord) -> str:
        """Return the duration of the call."""
        if record.duration_ms is None:
            return self.get_empty_value_display()
        return duration_text(record.duration_ms)

    @admin.display(description=_("arguments"))
    def shown_arguments(self, record: CallRecord) -> SafeString:
        """Return the recorded arguments as indented JSON."""
        return json_block(record.arguments)
