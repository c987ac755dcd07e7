"""Model admin of background tasks: watch, cancel and retry them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.changelist.changelist import CallChangeList
from django_mcp.admin.changelist.filters import (
    ClientFilter,
    KindFilter,
    PeriodFilter,
    StatusFilter,
    ToolFilter,
    UserFilter,
)
from django_mcp.admin.confirmation import Confirmation, ConfirmationAdmin
from django_mcp.admin.registry_view import read_registry
from django_mcp.admin.tasks.actions import cancellation_confirmation, retry_confirmation
from django_mcp.admin.tasks.display import TaskDisplay
from django_mcp.admin.tasks.result import parts_of
from django_mcp.admin.tasks.state import STATE_COLUMNS, TaskState
from django_mcp.background.cancellation import cancel
from django_mcp.background.recovery import recover_when_due
from django_mcp.dispatch import call_again
from django_mcp.exceptions import DjangoMCPError
from django_mcp.models import CallRecord, ToolTask
from django_mcp.models.tasks import ToolTaskQuerySet


class TaskChangeList(CallChangeList):
    """Change list of tasks, which are searched for by task id too."""

    id_columns = ("id", "call_id")


class ToolTaskAdmin(ConfirmationAdmin, TaskDisplay):
    """Model admin of tasks; operators who may change them may cancel and retry them."""

    list_filter = (PeriodFilter, StatusFilter, KindFilter, UserFilter, ClientFilter, ToolFilter)
    search_help_text = _("A whole task or call id, tool name, user name or key, client name or id.")
    actions = ("cancel_selected", "retry_selected")
    change_form_template = "django_mcp/admin/task.html"
    confirmation_template = "django_mcp/admin/task_confirmation.html"

    class Media:
        js = ("django_mcp/task.js",)

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TaskChangeList

    @override
    def get_urls(self) -> list[URLPattern]:
        views: dict[str, Callable[..., HttpResponse]] = {
            "state": self.state_view,
            "cancel": self.cancel_view,
            "retry": self.retry_view,
            "result/<int:number>": self.result_view,
        }
        own = [
            path(
                f"<uuid:key>/{address}/",
                self.admin_site.admin_view(view),
                name=f"django_mcp_tooltask_{address.partition('/')[0]}",
            )
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        recover_when_due()
        return super().changelist_view(request, extra_context)

    @override
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        recover_when_due()
        return super().change_view(request, object_id, form_url, extra_context)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        task: ToolTask = context["original"]
        may_control = self.has_control_permission(request)
        context["record_link"] = self.link_to(request, CallRecord, "call_id", task.call_id)
        context["can_cancel"] = may_control and bool(cancellation_confirmation([task]).possible)
        context["can_retry"] = may_control and bool(self._retry_confirmation([task]).possible)
        return super().render_change_form(request, context, *args, **kwargs)

    def state_view(self, request: HttpRequest, key: UUID) -> JsonResponse:
        """Answer the page's script with the state of the task."""
        recover_when_due()
        task = self._task(request, key, ToolTask.objects.only(*STATE_COLUMNS))
        return JsonResponse(TaskState(task=task).as_json())

    def result_view(self, request: HttpRequest, key: UUID, number: int) -> HttpResponse:
        """Answer with one part of the result as a file."""
        parts = parts_of(self._task(request, key))
        if number >= len(parts) or not parts[number].is_file:
            raise Http404
        return parts[number].as_file()

    def _task(
        self, request: HttpRequest, key: UUID, tasks: ToolTaskQuerySet | None = None
    ) -> ToolTask:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = (ToolTask.objects.all() if tasks is None else tasks).filter(pk=key).first()
        if found is None:
            raise Http404
        return found

    def cancel_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Render the confirmation page that cancels one task."""
        return self.confirmation_page(
            request, cancellation_confirmation([self._task(request, key)])
        )

    def retry_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Render the confirmation page that runs one task again."""
        return self.confirmation_page(request, self._retry_confirmation([self._task(request, key)]))

    @admin.action(permissions=["control"], description=_("Cancel selected tasks"))
    def cancel_selected(self, request: HttpRequest, queryset: ToolTaskQuerySet) -> HttpResponseBase:
        """Cancel the selected tasks, once the operator has confirmed it."""
        confirmation = cancellation_confirmation(_without_results(queryset))
        if not self.is_confirmed(request, confirmation):
            return self.confirmation_page(request, confirmation)
        for each in confirmation.possible:
            cancel(each.row.pk)
            self.log_change(request, each.row, pgettext("background task", "Cancelled."))
        text = ngettext(
            "%(count)d task is cancelled or was asked to stop.",
            "%(count)d tasks are cancelled or were asked to stop.",
            len(confirmation.possible),
        )
        self.message_user(request, text % {"count": len(confirmation.possible)}, messages.SUCCESS)
        return self.after([each.row.pk for each in confirmation.possible])

    @admin.action(permissions=["control"], description=_("Run selected tasks again"))
    def retry_selected(self, request: HttpRequest, queryset: ToolTaskQuerySet) -> HttpResponseBase:
        """Call the tools of the selected tasks again, once the operator has confirmed it."""
        confirmation = self._retry_confirmation(_without_results(queryset))
        is_risk_accepted = not confirmation.is_dangerous or "risk_confirmed" in request.POST
        if not self.is_confirmed(request, confirmation) or not is_risk_accepted:
            return self.confirmation_page(request, confirmation)
        made = [key for each in confirmation.possible if (key := self._retry(request, each.row))]
        if made:
            text = ngettext(
                "%(count)d task is run again.", "%(count)d tasks are run again.", len(made)
            )
            self.message_user(request, text % {"count": len(made)}, messages.SUCCESS)
        return self.after(made or [each.row.pk for each in confirmation.possible])

    def _retry(self, request: HttpRequest, task: ToolTask) -> UUID | None:
        """Run one task again; its new key, or None when that was refused."""
        # A retry is never without its log entries. Workers are notified at the end of the block.
        with transaction.atomic(using=router.db_for_write(ToolTask)):
            try:
                key = call_again(task)
            except DjangoMCPError as error:
                names = {"task": task, "reason": getattr(error, "message", error)}
                text = gettext("Not run again: %(task)s. %(reason)s") % names
                self.message_user(request, text, messages.ERROR)
                return None
            if key is None:
                text = gettext("Not run again: %(task)s. A guard has answered the call.")
                self.message_user(request, text % {"task": task}, messages.WARNING)
                return None
            self.log_change(request, task, gettext("Run again as %(task)s.") % {"task": key})
            self.log_addition(
                request,
                ToolTask.objects.get(pk=key),
                gettext("Repeats %(task)s.") % {"task": task.pk},
            )
        return key

    def _retry_confirmation(self, tasks: list[ToolTask]) -> Confirmation:
        return retry_confirmation(tasks, read_registry().tools)


def _without_results(tasks: ToolTaskQuerySet) -> list[ToolTask]:
    return list(tasks.defer("result", "error"))
