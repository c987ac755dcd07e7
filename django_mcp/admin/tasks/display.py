"""Columns and fields of background tasks in the admin."""

import datetime
import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.calls.columns import CallAdmin
from django_mcp.admin.formats import moment_text
from django_mcp.admin.links import attach_caller_links
from django_mcp.admin.markup import in_line, json_block, words
from django_mcp.admin.read_only import printable_field
from django_mcp.admin.registry_view import read_registry
from django_mcp.admin.tasks.input_requests import input_requests_of
from django_mcp.admin.tasks.result import parts_of
from django_mcp.admin.tasks.state import TaskState
from django_mcp.audit.redaction import redact
from django_mcp.calls.results import deserialize_error
from django_mcp.escapes import printable_lines
from django_mcp.models import ToolTask


class TaskDisplay(CallAdmin):
    """Columns and fields of tasks; the page's script keeps the `live_` ones up to date."""

    list_display = (
        "created_at",
        "caller",
        "tool_name",
        "listed_status",
        "application",
        "duration",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "linked_tool",
                    "kind",
                    "live_status",
                    "live_progress",
                    "live_duration",
                    "shown_arguments",
                    "shown_result",
                    "shown_error",
                )
            },
        ),
        (
            pgettext_lazy("background task", "Run"),
            {
                "fields": (
                    "created_at",
                    "live_started",
                    "ended_at",
                    "live_attempts",
                    "live_worker",
                    "expires_at",
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
                    "shown_authenticator",
                    "shown_credential",
                )
            },
        ),
        (
            pgettext_lazy("left by a call", "Traces"),
            {
                "fields": (
                    "task_id",
                    "call_id",
                    "shown_endpoint",
                    "shown_protocol_version",
                    "shown_traceparent",
                )
            },
        ),
    )

    shown_user = printable_field(ToolTask, "user")
    shown_client = printable_field(ToolTask, "client")
    shown_client_info = printable_field(ToolTask, "client_info")
    shown_address = printable_field(ToolTask, "address")
    shown_authenticator = printable_field(ToolTask, "authenticator")
    shown_credential = printable_field(ToolTask, "credential")
    shown_endpoint = printable_field(ToolTask, "endpoint")
    shown_protocol_version = printable_field(ToolTask, "protocol_version")
    shown_traceparent = printable_field(ToolTask, "traceparent")

    @override
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not obj.input_requests:
            return fieldsets
        return [(_("Waits for an answer"), {"fields": ("shown_input_requests",)}), *fieldsets]

    @override
    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        call = super().get_object(request, *args, **kwargs)
        if call is not None:
            attach_caller_links(request, self.admin_site, [call])
        return call

    @admin.display(description=_("tool"))
    def tool_name(self, task: ToolTask) -> SafeString:
        """Return the tool's name."""
        return self.shown_name(task)

    @admin.display(description=_("tool"))
    def linked_tool(self, task: ToolTask) -> SafeString:
        """Return the tool's name, with a link to the list of its calls."""
        return self.linked_name(task)

    @admin.display(description=_("task id"))
    def task_id(self, task: ToolTask) -> str:
        """Return the id of the task."""
        return str(task.pk)

    @admin.display(description=pgettext_lazy("background task", "called"))
    def created_at(self, task: ToolTask) -> SafeString:
        """Return the time of the call."""
        return words(moment_text(task.created))

    @admin.display(description=pgettext_lazy("background task", "ended"))
    def ended_at(self, task: ToolTask) -> str:
        """Return the time of the end of the task."""
        return self._moment(task.ended)

    @admin.display(description=_("kept until"))
    def expires_at(self, task: ToolTask) -> str:
        """Return the time until which the task is kept."""
        return self._moment(task.expires)

    @admin.display(description=_("status"))
    def listed_status(self, task: ToolTask) -> SafeString:
        """Status, and the progress of a task that has not ended."""
        state = TaskState(task=task)
        if task.has_ended or not state.shows_bar:
            return state.mark
        return in_line([state.mark, state.bar])

    @admin.display(description=_("duration"))
    def duration(self, task: ToolTask) -> str:
        """Return the duration of the task."""
        return TaskState(task=task).duration

    @admin.display(description=_("status"))
    def live_status(self, task: ToolTask) -> SafeString:
        """Return the status, which the page refreshes."""
        return self._rendered(
            "task_status.html", state=TaskState(task=task), address=self.url_of("state", task.pk)
        )

    @admin.display(description=_("progress"))
    def live_progress(self, task: ToolTask) -> SafeString:
        """Return the progress as a bar and as text, which the page refreshes."""
        state = TaskState(task=task)
        return in_line([state.bar, _live(task, "progress")])

    @admin.display(description=_("duration"))
    def live_duration(self, task: ToolTask) -> SafeString:
        """Return the duration, which the page refreshes."""
        return _live(task, "duration")

    @admin.display(description=_("latest run began"))
    def live_started(self, task: ToolTask) -> SafeString:
        """Return the start of the latest run, which the page refreshes."""
        return _live(task, "started")

    @admin.display(description=pgettext_lazy("background task", "runs"))
    def live_attempts(self, task: ToolTask) -> SafeString:
        """Return the number of runs, which the page refreshes."""
        return _live(task, "attempts")

    @admin.display(description=_("worker"))
    def live_worker(self, task: ToolTask) -> SafeString:
        """Return the name of the worker, which the page refreshes."""
        return _live(task, "worker")

    @admin.display(description=_("open questions"))
    def shown_input_requests(self, task: ToolTask) -> SafeString:
        """Return the open input requests."""
        return self._rendered("task_input_requests.html", input_requests=input_requests_of(task))

    @admin.display(description=_("arguments"))
    def shown_arguments(self, task: ToolTask) -> SafeString:
        """Return the arguments as indented JSON, without the secret ones."""
        tool = read_registry().tools.get(task.name)
        schema = None if tool is None else tool.argument_schema
        arguments = redact(json.loads(task.arguments), schema)
        if not task.has_secrets:
            return json_block(arguments)
        note = gettext("Others are secret, and not shown.")
        return format_html('{}<p class="mcp-quiet">{}</p>', json_block(arguments), note)

    @admin.display(description=_("result"))
    def shown_result(self, task: ToolTask) -> SafeString | str:
        """Return the parts of the result, with links to files."""
        parts = [
            (part, self.url_of("result", task.pk, number) if part.is_file else None)
            for number, part in enumerate(parts_of(task))
        ]
        if not parts:
            return self.get_empty_value_display()
        return self._rendered("task_result.html", parts=parts)

    @admin.display(description=_("error"))
    def shown_error(self, task: ToolTask) -> str:
        """Return the message of the error, and its hint."""
        if not task.error:
            return self.get_empty_value_display()
        error = deserialize_error(task.error, task.call_id)
        return printable_lines(f"{error.message} {error.hint}".strip())

    def _moment(self, moment: datetime.datetime | None) -> str:
        return self.get_empty_value_display() if moment is None else moment_text(moment)

    def _rendered(self, template: str, **context: Any) -> SafeString:
        return render_to_string(f"django_mcp/admin/{template}", context)


def _live(task: ToolTask, name: str) -> SafeString:
    """Return a text that the page's script keeps up to date."""
    text = TaskState(task=task).texts[name]
    return format_html('<span data-mcp-text="{}">{}</span>', name, text)
