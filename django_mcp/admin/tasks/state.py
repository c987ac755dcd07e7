"""State of a task: status, progress and duration, as the page and its script show them."""

from dataclasses import dataclass
from typing import Any

from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy

from django_mcp.admin.formats import duration_text, moment_text
from django_mcp.admin.markup import Tone, mark
from django_mcp.escapes import printable
from django_mcp.models import ToolTask

Status = ToolTask.Status

TONES: dict[str, Tone] = {
    Status.QUEUED: Tone.QUIET,
    Status.WORKING: Tone.QUIET,
    Status.INPUT_REQUIRED: Tone.WARNING,
    Status.COMPLETED: Tone.GOOD,
    Status.FAILED: Tone.BAD,
    Status.CANCELLED: Tone.QUIET,
}

STATE_COLUMNS = (
    "status",
    "cancel_requested",
    "progress",
    "progress_total",
    "progress_message",
    "attempts",
    "worker",
    "created",
    "updated",
    "started",
    "ended",
)
"""Columns that a state needs; arguments and results, which can be long, are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """State of a task as it is now. Its texts are plain: the script sets them as text."""

    task: ToolTask

    @property
    def label(self) -> str | Promise:
        """Status in words; "cancelling" until a running task has stopped."""
        if self.task.cancel_requested and not self.task.has_ended:
            return pgettext_lazy("background task", "cancelling")
        return self.task.get_status_display()

    @property
    def tone(self) -> Tone:
        """Tone of the status."""
        if self.task.cancel_requested and not self.task.has_ended:
            return Tone.WARNING
        return TONES[self.task.status]

    @property
    def mark(self) -> SafeString:
        """Mark of the status."""
        return mark(self.label, self.tone)

    @property
    def share(self) -> float | None:
        """Progress from 0 to 1; None if it is unknown."""
        done, total = self.task.progress, self.task.progress_total
        if done is None or total is None or total <= 0:
            return None
        return min(max(done / total, 0.0), 1.0)

    @property
    def shows_bar(self) -> bool:
        """True if the task runs or its progress is known."""
        return self.task.status == Status.WORKING or self.share is not None

    @property
    def bar(self) -> SafeString:
        """Progress bar; it is indeterminate where the progress is unknown."""
        attributes = {
            "class": "mcp-progress",
            "max": 1,
            "aria-label": gettext("progress"),
            "value": None if self.share is None else f"{self.share:.4f}",
            "hidden": not self.shows_bar,
        }
        return format_html("<progress{}></progress>", flatatt(attributes))

    @property
    def progress_text(self) -> str:
        """Progress in the tool's own numbers and message."""
        task = self.task
        if task.progress is None:
            return ""
        if task.progress_total is None:
            text = _number(task.progress)
        else:
            numbers = {"done": _number(task.progress), "total": _number(task.progress_total)}
            text = gettext("%(done)s of %(total)s") % numbers
        return f"{text}: {printable(task.progress_message)}" if task.progress_message else text

    @property
    def duration(self) -> str:
        """Duration from the call to its end, as in its record, or until now."""
        task = self.task
        length = (task.ended or timezone.now()) - task.created
        return duration_text(max(0, round(length.total_seconds() * 1000)))

    @property
    def input_version(self) -> str:
        """Version of the open input requests, which a response changes; empty if there are none."""
        is_waiting = self.task.status == Status.INPUT_REQUIRED
        return self.task.updated.isoformat() if is_waiting else ""

    @property
    def texts(self) -> dict[str, str]:
        """Texts that change while the task runs, by the names of their elements on the page."""
        task = self.task
        return {
            "progress": self.progress_text,
            "duration": self.duration,
            "started": "" if task.started is None else moment_text(task.started),
            "attempts": number_format(task.attempts),
            "worker": printable(task.worker),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the state as the page's script reads it."""
        return {
            "status": {"text": str(self.label), "tone": self.tone},
            "bar": {"is_shown": self.shows_bar, "share": self.share},
            "texts": self.texts,
            "input_version": self.input_version,
            "has_ended": self.task.has_ended,
        }


def _number(value: float) -> str:
    return number_format(int(value) if value.is_integer() else round(value, 2))
