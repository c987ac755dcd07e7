"""Request states that calls have used, each of which is accepted once."""

from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UsedRequestStateQuerySet(models.QuerySet["UsedRequestState"]):
    """Queries and housekeeping of used request states."""

    @property
    def db(self) -> str:
        """Alias of the database for writes: a stale replica may lack what has been used."""
        chosen: str | None = self._db  # type: ignore[attr-defined]  # the stubs do not know it
        return chosen or router.db_for_write(self.model)

    def prune(self) -> int:
        """Delete the states that have expired; return their number."""
        return self.filter(expires__lte=timezone.now()).delete()[0]


class UsedRequestState(models.Model):
    """A `requestState` that a call brought back with its input responses: it is used up.

    It is written in the transaction of what the call does, and deleted after the state has expired.
    """

    id = models.UUIDField(primary_key=True)
    expires = models.DateTimeField(
        pgettext_lazy("request", "expires"),
        db_index=True,
        help_text=_("Time from which the state itself is refused."),
    )

    objects = UsedRequestStateQuerySet.as_manager()

    class Meta:
        verbose_name = _("used request state")
        verbose_name_plural = _("used request states")

    def __str__(self) -> str:
        return str(self.pk)
