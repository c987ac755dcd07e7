"""Stored results: parts of results that were too large for an answer, until they expire."""

import uuid
from typing import Self

from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.escapes import printable
from django_mcp.principals import Principal


class StoredResultQuerySet(models.QuerySet["StoredResult"]):
    """Queries and housekeeping of stored results."""

    @property
    def db(self) -> str:
        """Alias of the database for writes: a stale replica may lack what was stored just now."""
        chosen: str | None = self._db  # type: ignore[attr-defined]  # the stubs do not know it
        return chosen or router.db_for_write(self.model)

    def owned_by(self, principal: Principal) -> Self:
        """Return what is stored for the same user, client and endpoint, and has not expired.

        This is the only way from an id to a result for a client: the id of another caller finds
        nothing, like one that has expired or never existed.
        """
        user = principal.user
        return self.filter(
            user="" if user is None else str(user.pk),
            client=principal.client_id,
            endpoint=principal.endpoint.name,
            expires__gt=timezone.now(),
        )

    def prune(self, *, batch: int = 100) -> int:
        """Delete what has expired; return the number of parts."""
        deleted = 0
        expired = self.filter(expires__lte=timezone.now()).order_by("expires")
        while keys := list(expired.values_list("pk", flat=True)[:batch]):
            deleted += self.filter(pk__in=keys).delete()[0]
        return deleted


class StoredResult(models.Model):
    """One part of a result that was too large: its caller alone can read it, by its random key.

    There are no foreign keys, as in `CallRecord`. `call_id` names the record of the call.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    call_id = models.UUIDField(_("call id"))
    tool = models.CharField(pgettext_lazy("primitive", "tool"), max_length=128)
    endpoint = models.CharField(_("endpoint"), max_length=64)
    user = models.CharField(_("user key"), max_length=128, blank=True)
    username = models.CharField(_("user"), max_length=255, blank=True)
    client = models.CharField(_("client id"), max_length=255, blank=True)
    client_name = models.CharField(_("client"), max_length=255, blank=True)
    media_type = models.CharField(_("media type"), max_length=255)
    is_text = models.BooleanField(_("is text"), help_text=_("True if it is text in UTF-8."))
    data = models.BinaryField(pgettext_lazy("stored result", "content"))
    size = models.PositiveIntegerField(pgettext_lazy("stored result", "bytes"))
    created = models.DateTimeField(pgettext_lazy("stored result", "created"), default=timezone.now)
    expires = models.DateTimeField(pgettext_lazy("stored result", "expires"), db_index=True)

    objects = StoredResultQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        indexes = (
            models.Index(fields=("user", "client", "expires"), name="django_mcp_stored_caller"),
        )
        verbose_name = _("stored result")
        verbose_name_plural = _("stored results")

    def __str__(self) -> str:
        return f"{printable(self.tool)} ({self.pk})"
