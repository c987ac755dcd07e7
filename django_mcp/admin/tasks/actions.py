"""Confirmations of the actions on tasks: cancel them, and run them again."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_mcp.admin.confirmation import Candidate, Confirmation
from django_mcp.models import ToolTask
from django_mcp.tools.tool import Tool

Status = ToolTask.Status


def cancellation_confirmation(tasks: Sequence[ToolTask]) -> Confirmation:
    """Return the confirmation of a cancellation; tasks that have ended are left alone."""
    return Confirmation(
        action="cancel_selected",
        title=_("Cancel tasks"),
        text=_("A task that waits never starts; one that runs is asked to stop within a second."),
        candidates=[
            _candidate(task, obstacle=_("has ended already") if task.has_ended else "")
            for task in tasks
        ],
    )


def retry_confirmation(tasks: Sequence[ToolTask], tools: Mapping[str, Tool]) -> Confirmation:
    """Return the confirmation of a retry; `tools` are the resolved ones, by name."""
    return Confirmation(
        action="retry_selected",
        title=_("Run tasks again"),
        text=_(
            "Each is a new call in the name of its caller, with the same arguments. What its "
            "caller may not do any more is refused."
        ),
        candidates=[_to_retry(task, tools.get(task.name)) for task in tasks],
    )


def _to_retry(task: ToolTask, tool: Tool | None) -> Candidate:
    if task.status not in (Status.FAILED, Status.CANCELLED):
        return _candidate(task, obstacle=_("has neither failed nor been cancelled"))
    if task.has_secrets:
        return _candidate(task, obstacle=_("had secret arguments, which are gone"))
    if tool is None or tool.background is None:
        return _candidate(task, obstacle=_("is of a tool that the code does not have any more"))
    if tool.preparation is not None:
        # Its arguments were completed by then, perhaps by the caller's own consent to that call.
        return _candidate(task, obstacle=_("is of a tool that asks or adds something first"))
    if task.attempts and not tool.is_repeatable:
        danger = _("may have taken effect, and its tool is not declared idempotent")
        return _candidate(task, danger=danger)
    return _candidate(task)


def _candidate(
    task: ToolTask, *, obstacle: str | Promise = "", danger: str | Promise = ""
) -> Candidate:
    return Candidate(row=task, state=task.get_status_display(), obstacle=obstacle, danger=danger)
