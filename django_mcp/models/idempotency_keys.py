"""Idempotency keys of calls: who holds one, and the answer that a repeated call gets."""

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Self

from django.db import IntegrityError, models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.conf import settings


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    """Queries and transitions of keys; each transition is one conditional statement."""

    @property
    def db(self) -> str:
        """Alias of the database for writes: a stale replica may lack a key."""
        chosen: str | None = self._db  # type: ignore[attr-defined]  # the stubs do not know it
        return chosen or router.db_for_write(self.model)

    def claim(self, call_id: uuid.UUID, *, scope: str, arguments: str) -> "IdempotencyKey | None":
        """Claim a scope for a call; return the key of the earlier call that has it, else None.

        Of any number of processes that try, one succeeds.
        """
        while True:
            found = self.filter(scope=scope).first()
            if found is not None and not found.has_expired:
                return found
            if found is not None:
                self.filter(pk=found.pk, expires__lte=timezone.now()).delete()
            try:
                with transaction.atomic(using=self.db):
                    self.create(id=call_id, scope=scope, arguments=arguments, **_lease())
            except IntegrityError:
                continue
            return None

    def running(self, *call_ids: uuid.UUID) -> Self:
        """Return the keys of these calls that have no end yet."""
        return self.filter(pk__in=call_ids, state=IdempotencyKey.State.RUNNING)

    def renew(self, call_ids: Collection[uuid.UUID]) -> int:
        """Renew the leases of running calls."""
        return self.running(*call_ids).update(**_lease())

    def keep(self, **answer: str) -> int:
        """Store what answers repeated calls, or a part of that."""
        return self.update(**answer, expires=timezone.now() + _lifetime())

    def prune(self, *, batch: int = 1_000, batches: int | None = None) -> int:
        """Delete keys that have expired, in so many batches or all; return their number."""
        deleted = 0
        expired = self.filter(expires__lte=timezone.now()).order_by("expires")
        while batches != 0 and (keys := list(expired.values_list("pk", flat=True)[:batch])):
            deleted += self.filter(pk__in=keys).delete()[0]
            batches = None if batches is None else batches - 1
        return deleted


class IdempotencyKey(models.Model):
    """Idempotency key of one call of a tool that writes, from its claim until it expires.

    `id` is that of the call that was run, whose record it names. The key itself is not in it:
    `scope` is a digest of endpoint, user, client, tool and key, and `arguments` one of what was
    sent, by the secret of the site.
    """

    class State(models.TextChoices):
        """State of the call that was run."""

        RUNNING = "running", pgettext_lazy("call", "running")
        ANSWERED = "answered", pgettext_lazy("call", "answered")
        UNKNOWN = "unknown", pgettext_lazy("call", "outcome unknown")

    id = models.UUIDField(_("call id"), primary_key=True)
    scope = models.CharField(pgettext_lazy("idempotency key", "scope"), max_length=64, unique=True)
    arguments = models.CharField(_("digest of the arguments"), max_length=64)
    state = models.CharField(
        pgettext_lazy("call", "state"), max_length=16, choices=State, default=State.RUNNING
    )
    result = models.TextField(_("result"), blank=True, help_text=_("As JSON."))
    error = models.TextField(_("error"), blank=True, help_text=_("As JSON."))
    alive_until = models.DateTimeField(
        _("alive until"),
        help_text=_("Time after which the process that runs the call counts as dead."),
    )
    expires = models.DateTimeField(
        pgettext_lazy("idempotency key", "expires"),
        db_index=True,
        help_text=_("Time from which the key is free."),
    )

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def has_expired(self) -> bool:
        """True if the key is free for another call."""
        return self.expires <= timezone.now()

    @property
    def is_alive(self) -> bool:
        """True if the process that runs the call has renewed its lease in time."""
        return self.alive_until > timezone.now()


def _lifetime() -> timedelta:
    return timedelta(seconds=settings.KEEP_IDEMPOTENCY_KEY)


def _lease() -> dict[str, Any]:
    alive_until = timezone.now() + timedelta(seconds=settings.LEASE_TIME)
    return {"alive_until": alive_until, "expires": alive_until + _lifetime()}
