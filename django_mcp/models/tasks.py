"""Tasks: background calls, one row each, which is all that other processes know of a call."""

import datetime
import uuid
from typing import Any, Self

from django.db import models, router
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.escapes import printable
from django_mcp.kinds import Kind
from django_mcp.models.kinds import KIND_CHOICES
from django_mcp.models.slots import SlotQuerySet
from django_mcp.principals import Principal
from django_mcp.trace_context import MAX_TRACEPARENT_CHARACTERS


class ToolTaskQuerySet(SlotQuerySet["ToolTask"]):
    """Queries and transitions of tasks; each transition is one conditional `UPDATE`."""

    moment = "created"
    payload = (
        "arguments",
        "secrets",
        "input_requests",
        "input_responses",
        "result",
        "error",
        "scopes",
    )

    @property
    def db(self) -> str:
        """Alias of the database for writes: a stale replica would show an old status."""
        chosen: str | None = self._db  # type: ignore[attr-defined]  # the stubs do not know it
        return chosen or router.db_for_write(self.model)

    def owned_by(self, principal: Principal) -> Self:
        """Return the tasks of the same user, client and endpoint, which the caller may see.

        This is the only way from an id to a task for a client: the id of another caller finds
        nothing, like one that never existed.
        """
        user = principal.user
        return self.filter(
            user="" if user is None else str(user.pk),
            client=principal.client_id,
            endpoint=principal.endpoint.name,
        )

    def unended(self) -> Self:
        """Return the tasks that have not ended."""
        return self.exclude(status__in=ToolTask.ENDED)

    def unexpired(self) -> Self:
        """Return the tasks that have not expired, pruned or not."""
        return self.filter(Q(expires=None) | Q(expires__gt=timezone.now()))

    def silent(self, *, since: datetime.timedelta) -> Self:
        """Return queued and working tasks without a heartbeat for this long."""
        expected = (ToolTask.Status.QUEUED, ToolTask.Status.WORKING)
        return self.filter(status__in=expected, heartbeat__lte=timezone.now() - since)

    def awaiting_input(self, *, since: datetime.timedelta) -> Self:
        """Return tasks that have waited this long for input."""
        return self.filter(
            status=ToolTask.Status.INPUT_REQUIRED, heartbeat__lte=timezone.now() - since
        )

    def unrecorded(self, *, since: datetime.timedelta) -> Self:
        """Return tasks that ended this long ago without a record of the end, oldest first."""
        ended = self.filter(is_recorded=False, ended__lte=timezone.now() - since)
        return ended.order_by("ended")

    def run_of(self, task: "ToolTask") -> Self:
        """Return the row of a task while this run of it is the current one; else nothing."""
        return self.filter(pk=task.pk, status=ToolTask.Status.WORKING, attempts=task.attempts)

    def claim(self, key: uuid.UUID, *, worker: str) -> "ToolTask | None":
        """Claim a queued task for a worker; None when it is no longer queued.

        Of any number of processes that try, one succeeds.
        """
        now = timezone.now()
        claimed = self.filter(pk=key, status=ToolTask.Status.QUEUED).update(
            status=ToolTask.Status.WORKING,
            attempts=F("attempts") + 1,
            worker=worker[:255],
            started=now,
            heartbeat=now,
            updated=now,
        )
        return self.get(pk=key) if claimed else None

    def requeue(self, *, delay: datetime.timedelta = datetime.timedelta(), **facts: Any) -> int:
        """Queue working tasks for another run after the delay.

        Not those that are to be cancelled, nor those whose result is stored. `updated` is the time
        when they are due, perhaps in the future: from then on a worker has its time to claim them.
        """
        due = timezone.now() + delay
        running = self.filter(status=ToolTask.Status.WORKING, cancel_requested=False, result="")
        status = ToolTask.Status.QUEUED
        return running.update(status=status, heartbeat=due, updated=due, **facts)

    def postpone(self, *, delay: datetime.timedelta) -> int:
        """Queue working tasks, whose run has not begun, for later; it does not count as a run."""
        return self.requeue(delay=delay, attempts=F("attempts") - 1)

    def suspend(self, *, input_requests: str, **facts: Any) -> int:
        """Suspend running tasks until there are responses. Not those that are to be cancelled."""
        now = timezone.now()
        return self.filter(status=ToolTask.Status.WORKING, cancel_requested=False).update(
            status=ToolTask.Status.INPUT_REQUIRED,
            input_requests=input_requests,
            suspensions=F("suspensions") + 1,
            heartbeat=now,
            updated=now,
            **facts,
        )

    def store_responses(
        self, found: "ToolTask", *, input_requests: str, input_responses: str
    ) -> int:
        """Store responses to requests that were open in `found`; queue it if none is open now.

        Zero when another request has responded meanwhile, or it does not wait any more.
        """
        now = timezone.now()
        status = ToolTask.Status.INPUT_REQUIRED if input_requests else ToolTask.Status.QUEUED
        return self.filter(
            pk=found.pk,
            status=ToolTask.Status.INPUT_REQUIRED,
            input_responses=found.input_responses,
        ).update(
            status=status,
            input_requests=input_requests,
            input_responses=input_responses,
            heartbeat=now,
            updated=now,
        )

    def end(self, status: "ToolTask.Status", **facts: Any) -> int:
        """End the tasks that have not ended yet. An ended task never changes its status."""
        now = timezone.now()
        return self.unended().update(
            status=status,
            slot=None,
            secrets="",
            input_requests="",
            input_responses="",
            ended=now,
            updated=now,
            expires=now + F("kept_for"),
            **facts,
        )

    def prune(self, *, batch: int = 1_000) -> int:
        """Delete the tasks that have expired; return their number."""
        deleted = 0
        expired = self.filter(expires__lte=timezone.now()).order_by("expires")
        while keys := list(expired.values_list("pk", flat=True)[:batch]):
            deleted += self.filter(pk__in=keys).delete()[0]
        return deleted


class ToolTask(models.Model):
    """Row of one background call, from its submission until it expires.

    There are no foreign keys, as in `CallRecord`. `call_id` names the record of the same call.
    Workers read the caller from it, and authorize that caller again.
    """

    class Status(models.TextChoices):
        """Status of a task; the values are those of MCP but for `queued`."""

        QUEUED = "queued", pgettext_lazy("background task", "queued")
        WORKING = "working", pgettext_lazy("background task", "working")
        INPUT_REQUIRED = "input_required", _("asks the user")
        COMPLETED = "completed", pgettext_lazy("background task", "completed")
        FAILED = "failed", pgettext_lazy("background task", "failed")
        CANCELLED = "cancelled", pgettext_lazy("background task", "cancelled")

    ENDED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    call_id = models.UUIDField(_("call id"), unique=True)
    kind = models.CharField(
        pgettext_lazy("call", "kind"),
        max_length=16,
        choices=KIND_CHOICES,
        default=Kind.TOOL.value,
        help_text=_("Kind of what was called."),
    )
    name = models.CharField(_("name"), max_length=128)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.QUEUED)

    slot = models.PositiveIntegerField(
        pgettext_lazy("background task", "slot"),
        null=True,
        help_text=_("Number among the tasks that its caller may have at once."),
    )

    endpoint = models.CharField(_("endpoint"), max_length=64)
    user = models.CharField(_("user key"), max_length=128, blank=True)
    username = models.CharField(_("user"), max_length=255, blank=True)
    client = models.CharField(_("client id"), max_length=255, blank=True)
    client_name = models.CharField(_("client"), max_length=255, blank=True)
    client_info = models.CharField(_("client software"), max_length=255, blank=True)
    authenticator = models.CharField(
        _("authenticator"),
        max_length=255,
        blank=True,
        help_text=_("Class that authenticated the caller, and authenticates again before the run."),
    )
    credential = models.CharField(_("credential id"), max_length=255, blank=True)
    scopes = models.TextField(_("scopes"), blank=True)
    address = models.CharField(pgettext_lazy("network", "address"), max_length=64, blank=True)
    protocol_version = models.CharField(_("protocol version"), max_length=32, blank=True)
    traceparent = models.CharField(
        pgettext_lazy("header of a request", "traceparent"),
        max_length=MAX_TRACEPARENT_CHARACTERS,
        blank=True,
        help_text=_("Trace context of the client, which the run continues."),
    )

    # Text, because databases with a JSON type reorder objects and refuse some strings.
    arguments = models.TextField(
        _("arguments"), default="{}", help_text=_("As JSON, without those that hold secrets.")
    )
    secrets = models.TextField(
        _("secret arguments"), blank=True, help_text=_("Encrypted, and gone when the task ends.")
    )
    has_secrets = models.BooleanField(
        _("had secret arguments"),
        default=False,
        help_text=_("A call with secret arguments cannot be repeated."),
    )

    is_askable = models.BooleanField(
        _("can be asked"),
        default=False,
        help_text=_("True if the client can ask its user for input."),
    )
    input_requests = models.TextField(
        _("open input requests"), blank=True, help_text=_("As JSON, by their keys.")
    )
    input_responses = models.TextField(
        pgettext_lazy("background task", "input responses"),
        blank=True,
        help_text=_("Encrypted, and gone when the task ends."),
    )
    suspensions = models.PositiveIntegerField(
        _("questions asked"), default=0, help_text=_("Number of runs that ended in a question.")
    )

    progress = models.FloatField(_("progress"), null=True)
    progress_total = models.FloatField(pgettext_lazy("background task", "total"), null=True)
    progress_message = models.TextField(_("message"), blank=True)

    result = models.TextField(_("result"), blank=True, help_text=_("As JSON."))
    error = models.TextField(_("error"), blank=True, help_text=_("As JSON."))

    guard_state = models.TextField(
        _("state of guards"),
        blank=True,
        help_text=_("As JSON: values that guards store with the call."),
    )

    cancel_requested = models.BooleanField(_("to be cancelled"), default=False)
    attempts = models.PositiveIntegerField(pgettext_lazy("background task", "runs"), default=0)
    worker = models.CharField(_("worker"), max_length=255, blank=True)
    heartbeat = models.DateTimeField(
        _("last sign of life"),
        default=timezone.now,
        help_text=_("Time of the latest submission, or of the latest heartbeat of its worker."),
    )

    created = models.DateTimeField(
        pgettext_lazy("background task", "created"), default=timezone.now
    )
    updated = models.DateTimeField(
        pgettext_lazy("background task", "updated"), default=timezone.now
    )
    started = models.DateTimeField(
        pgettext_lazy("background task", "started"),
        null=True,
        help_text=_("Start of the latest run."),
    )
    ended = models.DateTimeField(pgettext_lazy("background task", "ended"), null=True)
    kept_for = models.DurationField(
        _("kept for"), help_text=_("Lifetime after the end of the task.")
    )
    expires = models.DateTimeField(pgettext_lazy("background task", "expires"), null=True)
    is_recorded = models.BooleanField(
        pgettext_lazy("background task", "recorded"),
        default=False,
        help_text=_("True if its end is in the record of calls."),
    )

    objects = ToolTaskQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        get_latest_by = "created"
        indexes = (
            # As in `CallRecord`, for the list of operators.
            models.Index(fields=("created", "id"), name="django_mcp_task_created"),
            models.Index(fields=("kind", "created", "id"), name="django_mcp_task_kind"),
            models.Index(fields=("name", "created", "id"), name="django_mcp_task_name"),
            models.Index(fields=("status", "created", "id"), name="django_mcp_task_status"),
            models.Index(fields=("user", "created", "id"), name="django_mcp_task_user"),
            models.Index(fields=("username", "created", "id"), name="django_mcp_task_username"),
            models.Index(fields=("client", "created", "id"), name="django_mcp_task_client"),
            models.Index(
                fields=("client_name", "created", "id"), name="django_mcp_task_client_name"
            ),
            models.Index(fields=("expires",), name="django_mcp_task_expires"),
            # What sweeps read again and again is a small part of the table.
            models.Index(
                fields=("heartbeat",),
                name="django_mcp_task_heartbeat",
                condition=Q(status__in=("queued", "working")),
            ),
            models.Index(
                fields=("heartbeat",),
                name="django_mcp_task_waiting",
                condition=Q(status="input_required"),
            ),
            models.Index(
                fields=("ended",),
                name="django_mcp_task_unrecorded",
                condition=Q(is_recorded=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("user", "client", "slot"), name="django_mcp_task_slot"),
        )
        verbose_name = _("task")
        verbose_name_plural = _("tasks")

    def __str__(self) -> str:
        return f"{printable(self.name)} ({self.pk})"  # its status would soon be wrong

    @property
    def has_ended(self) -> bool:
        """True if the status is final."""
        return self.status in self.ENDED

    @property
    def tries(self) -> int:
        """Number of runs, without those that ended in a question, which were rolled back."""
        return self.attempts - self.suspensions
