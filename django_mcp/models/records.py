"""Record of calls, which survives the users, tokens and applications that it names."""

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, router
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.escapes import printable
from django_mcp.kinds import Kind
from django_mcp.models.kinds import KIND_CHOICES
from django_mcp.models.timed import TimedQuerySet
from django_mcp.trace_context import MAX_TRACEPARENT_CHARACTERS


class CallRecordQuerySet(TimedQuerySet["CallRecord"]):
    """Queries and housekeeping of the record of calls."""

    moment = "started"
    payload = ("arguments", "scopes")

    def batches(self, *, size: int = 1_000) -> Iterator[list[tuple[Any, ...]]]:
        """Yield all columns of all records, newest first, `size` rows at a time.

        Each batch is a short query that starts where the last one ended: no cursor, transaction or
        large result is held, however long the reader takes and whatever stands between it and the
        database.
        """
        columns = [field.attname for field in self.model._meta.concrete_fields]
        started, key = columns.index("started"), columns.index("id")
        rest = self.newest_first()
        while batch := list(rest.values_list(*columns)[:size]):
            yield batch
            last = batch[-1]
            rest = self.newest_first().filter(
                Q(started__lt=last[started]) | Q(id__lt=last[key]), started__lte=last[started]
            )

    def sweep(self, *, older_than: datetime.timedelta) -> int:
        """Mark calls that began longer ago and never ended as `unknown`; return their number.

        Their process was killed, or lost its database. A late finish overwrites the mark.
        """
        stale = self.filter(
            outcome=CallRecord.Outcome.RUNNING, started__lte=timezone.now() - older_than
        )
        return stale.update(outcome=CallRecord.Outcome.UNKNOWN)

    def prune(self, *, older_than: datetime.timedelta, batch: int = 10_000) -> int:
        """Delete the records of calls that began longer ago; return their number.

        In batches of their own, so that no lock is held for long.
        """
        deleted = 0
        # Read where they are deleted: a replica that lags behind would name them again and again.
        chosen: str | None = self._db  # type: ignore[attr-defined]  # the stubs do not know it
        rows = self.using(chosen or router.db_for_write(self.model))
        old = rows.filter(started__lt=timezone.now() - older_than).order_by("started")
        while keys := list(old.values_list("pk", flat=True)[:batch]):
            deleted += rows.filter(pk__in=keys).delete()[0]
        return deleted


class CallRecord(models.Model):
    """Record of one authenticated call, refused ones included.

    There are no foreign keys: a record survives the deletion of the user, token and application
    that it names, fits any kind of user key, and its table may live in another database.
    """

    class Outcome(models.TextChoices):
        """Outcome of a call."""

        # The labels are short: lists show them on one line. The reference explains them.
        RUNNING = "running", pgettext_lazy("call", "running")
        OK = "ok", pgettext_lazy("call", "ok")
        TOOL_ERROR = "tool_error", _("tool error")
        FAILED = "failed", pgettext_lazy("call", "failed")
        CANCELLED = "cancelled", pgettext_lazy("call", "cancelled")
        UNKNOWN_TOOL = "unknown_tool", _("unknown tool")
        MISSING_SCOPE = "missing_scope", _("missing scope")
        INVALID_ARGUMENTS = "invalid_arguments", _("bad arguments")
        NOT_FOUND = "not_found", _("not found")
        PERMISSION_DENIED = "permission_denied", pgettext_lazy("call", "denied")
        CONFLICT = "conflict", pgettext_lazy("call", "conflict")
        RATE_LIMITED = "rate_limited", _("rate limited")
        FOLLOW_UP_FAILED = "follow_up_failed", _("follow-up failed")
        BUSY = "busy", pgettext_lazy("call", "busy")
        REVOKED = "revoked", pgettext_lazy("call", "revoked")
        TASK_REQUIRED = "task_required", _("task required")
        INPUT_REQUIRED = "input_required", _("asked the user")
        TOO_LARGE = "too_large", _("too large")
        OVER_BUDGET = "over_budget", _("over budget")
        CIRCUIT_OPEN = "circuit_open", _("circuit open")
        TIMED_OUT = "timed_out", _("timed out")
        IDEMPOTENCY_CONFLICT = "idempotency_conflict", _("key conflict")
        OUTCOME_UNKNOWN = "outcome_unknown", _("outcome unknown")
        REPEATED = "repeated", pgettext_lazy("call", "repeated")
        UNKNOWN = "unknown", pgettext_lazy("call", "unknown")

    id = models.BigAutoField(primary_key=True)
    call_id = models.UUIDField(
        _("call id"),
        unique=True,
        default=uuid.uuid4,
        help_text=_("Id that the client and the log show."),
    )
    kind = models.CharField(
        pgettext_lazy("call", "kind"),
        max_length=16,
        choices=KIND_CHOICES,
        default=Kind.TOOL.value,
        help_text=_("Kind of what was called."),
    )
    name = models.CharField(
        _("name"),
        max_length=128,
        help_text=_("Name of the tool, resource or prompt, or the URI of an unknown resource."),
    )
    endpoint = models.CharField(
        _("endpoint"), max_length=64, help_text=_("Name of the endpoint of the call.")
    )
    user = models.CharField(
        _("user key"), max_length=128, blank=True, help_text=_("Empty when there was no user.")
    )
    username = models.CharField(
        _("user"), max_length=255, blank=True, help_text=_("The name at the time of the call.")
    )
    client = models.CharField(
        _("client id"),
        max_length=255,
        blank=True,
        help_text=_("Client id of the application that holds the token; empty without one."),
    )
    client_name = models.CharField(
        _("client"), max_length=255, blank=True, help_text=_("The name at the time of the call.")
    )
    client_info = models.CharField(
        _("client software"),
        max_length=255,
        blank=True,
        help_text=_("As the client describes itself."),
    )
    credential = models.CharField(
        _("credential id"),
        max_length=255,
        blank=True,
        help_text=_("Key of the token; the token itself is not stored."),
    )
    scopes = models.TextField(
        _("scopes"), blank=True, help_text=_("Scopes of the token, separated by spaces.")
    )
    address = models.CharField(
        pgettext_lazy("network", "address"),
        max_length=64,
        blank=True,
        help_text=_("IP address of the request."),
    )
    protocol_version = models.CharField(
        _("protocol version"),
        max_length=32,
        blank=True,
        help_text=_("The revision of MCP that the client used."),
    )
    traceparent = models.CharField(
        pgettext_lazy("header of a request", "traceparent"),
        max_length=MAX_TRACEPARENT_CHARACTERS,
        blank=True,
        help_text=_("The client's trace and span in W3C trace context, if it sent one."),
    )
    task_id = models.CharField(
        _("task id"),
        max_length=64,
        blank=True,
        help_text=_("Id of the task of a background call; empty for other calls."),
    )
    worker = models.CharField(
        _("worker"),
        max_length=255,
        blank=True,
        help_text=_("Worker that ran a background tool; empty for other calls."),
    )
    arguments = models.JSONField(
        _("arguments"),
        default=dict,
        encoder=DjangoJSONEncoder,
        help_text=_(
            "As they were sent, of a resource the variables of its URI; without secret or too "
            "large values."
        ),
    )
    outcome = models.CharField(
        _("outcome"), max_length=20, choices=Outcome, help_text=_("Outcome of the call.")
    )
    error_class = models.CharField(
        _("error"),
        max_length=128,
        blank=True,
        help_text=_("The class of the exception that ended the call."),
    )
    started = models.DateTimeField(
        pgettext_lazy("call", "started"),
        default=timezone.now,
        help_text=_("Arrival of the call."),
    )
    duration_ms = models.PositiveBigIntegerField(
        _("duration in ms"), null=True, help_text=_("Empty until the call has ended.")
    )
    result_size = models.PositiveIntegerField(
        _("result size"), null=True, help_text=_("In characters of text and encoded data.")
    )
    delivered = models.BooleanField(
        pgettext_lazy("call", "delivered"),
        default=True,
        help_text=_("False when the client had disconnected before the call ended."),
    )

    calls = models.PositiveIntegerField(
        pgettext_lazy("of tools, resources and prompts", "calls"),
        default=1,
        help_text=_("Number of refused calls that share this row; 1 for any other."),
    )

    objects = CallRecordQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        get_latest_by = "id"
        # With the order of lists and the key in each, so that nothing is sorted, and keys are found
        # without a look at the rows.
        indexes = (
            models.Index(fields=("started", "id"), name="django_mcp_call_started"),
            models.Index(fields=("kind", "started", "id"), name="django_mcp_call_kind"),
            models.Index(fields=("name", "started", "id"), name="django_mcp_call_name"),
            models.Index(fields=("user", "started", "id"), name="django_mcp_call_user"),
            models.Index(fields=("username", "started", "id"), name="django_mcp_call_username"),
            models.Index(fields=("client", "started", "id"), name="django_mcp_call_client"),
            models.Index(
                fields=("client_name", "started", "id"), name="django_mcp_call_client_name"
            ),
            models.Index(fields=("outcome", "started", "id"), name="django_mcp_call_outcome"),
        )
        verbose_name = pgettext_lazy("of a tool, resource or prompt", "call")
        verbose_name_plural = pgettext_lazy("of tools, resources and prompts", "calls")

    def __str__(self) -> str:
        return f"{printable(self.name)} ({self.get_outcome_display()})"

    def get_outcome_display(self) -> str:  # type: ignore[no-redef]  # the stubs add it
        """Return the label of the outcome, or its name where an exception of a project has it."""
        labels = dict(self.Outcome.choices)
        return str(labels.get(self.outcome) or printable(self.outcome.replace("_", " ")))
