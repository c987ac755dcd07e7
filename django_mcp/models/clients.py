"""Registrations of OAuth clients, with their approval status."""

from collections.abc import Iterable

from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.db.text import storable_text
from django_mcp.escapes import printable
from django_mcp.models.rates import RATE_OPTIONS
from django_mcp.models.timed import TimedQuerySet

MAX_CLIENT_ID_CHARACTERS = 255
"""Length of the column of django-oauth-toolkit."""
MAX_ADDRESS_CHARACTERS = 64

IS_LIMITED = models.Q(read_rate__gt="") | models.Q(write_rate__gt="")
"""True of a client with a rate of its own."""


class ClientRegistrationQuerySet(TimedQuerySet["ClientRegistration"]):
    """Queries and changes of the status of OAuth clients."""

    moment = "created"
    payload = ()

    @property
    def db(self) -> str:
        """Alias of the database for writes: a stale replica would let blocked applications in."""
        chosen: str | None = self._db  # type: ignore[attr-defined]  # the stubs do not know it
        return chosen or router.db_for_write(self.model)

    def register(
        self, client_id: str, *, source: "ClientRegistration.Source", address: str
    ) -> "ClientRegistration":
        """Store that an application registered itself; a status set by operators stays."""
        address = storable_text(address, MAX_ADDRESS_CHARACTERS)
        registration, is_new = self.get_or_create(
            client_id=client_id, defaults={"source": source, "address": address}
        )
        if not is_new and not registration.source:
            # It was judged before it was seen.
            registration.source, registration.address = source, address
            registration.created = timezone.now()
            registration.save(update_fields=["source", "address", "created"])
        return registration

    def limited(self) -> Iterable[tuple[str, str, str]]:
        """Return the client id and both rates of the clients that have any."""
        limited = self.filter(IS_LIMITED).order_by()
        return limited.values_list("client_id", "read_rate", "write_rate")

    def standing_of(self, client_id: str) -> "ClientRegistration.Standing":
        """Return the status of an application; `new` for an unknown one."""
        standing = self.filter(client_id=client_id).values_list("standing", flat=True).first()
        return ClientRegistration.Standing(standing or ClientRegistration.Standing.NEW)

    def use(self, client_id: str) -> bool:
        """Store that a token is issued to an application; False if the application is blocked.

        Call it in the transaction that stores the token, before anything else in it is locked.
        A process that blocks the application at that moment waits for its end, and finds the token.
        """
        rows = self.filter(client_id=client_id)
        if rows.exclude(standing=ClientRegistration.Standing.BLOCKED).update(
            last_used=timezone.now()
        ):
            return True
        return not rows.exists()

    def withdraw_approval(self, client_id: str) -> None:
        """Make an approved application `new` again, because its metadata changed.

        Call it in the transaction that stores the change.
        """
        approved = self.filter(client_id=client_id, standing=ClientRegistration.Standing.APPROVED)
        approved.update(standing=ClientRegistration.Standing.NEW)

    def set_standing(self, client_id: str, standing: "ClientRegistration.Standing") -> None:
        """Store the decision of operators about an application, registered or not.

        The functions of `django_mcp.auth.clients.decisions` do what follows from it.
        """
        self.update_or_create(client_id=client_id, defaults={"standing": standing})

    def set_rates(self, client_id: str, *, read_rate: str, write_rate: str) -> "ClientRegistration":
        """Store the rates of an application, registered or not; empty texts are no limit."""
        rates = {"read_rate": read_rate, "write_rate": write_rate}
        row, _is_new = self.update_or_create(client_id=client_id, defaults=rates)
        return row


class ClientRegistration(models.Model):
    """Registration of an OAuth client, or the decision of operators about one.

    It names the application of django-oauth-toolkit by its client id: that model can be swapped,
    and deleted rows leave this one behind. An application without such a row is `new`.
    """

    class Source(models.TextChoices):
        """Way in which a client registered itself."""

        DCR = "dcr", _("dynamic registration")
        CIMD = "cimd", _("metadata document")

    class Standing(models.TextChoices):
        """Approval status of a client."""

        NEW = "new", pgettext_lazy("client", "new")
        APPROVED = "approved", pgettext_lazy("client", "approved")
        BLOCKED = "blocked", pgettext_lazy("client", "blocked")

    id = models.BigAutoField(primary_key=True)
    client_id = models.CharField(_("client id"), max_length=MAX_CLIENT_ID_CHARACTERS, unique=True)
    source = models.CharField(
        _("source"),
        max_length=8,
        choices=Source,
        blank=True,
        help_text=_("Way of registration; empty when operators decided before it."),
    )
    address = models.CharField(
        pgettext_lazy("network", "address"),
        max_length=MAX_ADDRESS_CHARACTERS,
        blank=True,
        help_text=_("IP address of the registration."),
    )
    created = models.DateTimeField(pgettext_lazy("client", "registered"), default=timezone.now)
    standing = models.CharField(
        pgettext_lazy("client", "standing"),
        max_length=16,
        choices=Standing,
        default=Standing.NEW,
        help_text=_("Decision of operators; blocked clients get no token."),
    )
    last_used = models.DateTimeField(
        _("last used"), null=True, help_text=_("Time of the latest token.")
    )

    read_rate = models.CharField(
        _("rate of reads"),
        help_text=_(
            "Calls that only read, of all its users together, such as 1000/m; empty: no limit."
        ),
        **RATE_OPTIONS,
    )
    write_rate = models.CharField(
        _("rate of writes"),
        help_text=_("Calls that may change something, of all its users together; empty: no limit."),
        **RATE_OPTIONS,
    )

    objects = ClientRegistrationQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        get_latest_by = "created"
        indexes = (
            # As in `CallRecord`, for the list of operators.
            models.Index(fields=("created", "id"), name="django_mcp_client_created"),
            models.Index(fields=("standing", "created", "id"), name="django_mcp_client_standing"),
            models.Index(fields=("source", "created", "id"), name="django_mcp_client_source"),
            models.Index(fields=("address", "created", "id"), name="django_mcp_client_address"),
            # Few are limited, and every snapshot reads them.
            models.Index(
                fields=("client_id",), name="django_mcp_client_limited", condition=IS_LIMITED
            ),
        )
        verbose_name = _("client")
        verbose_name_plural = _("clients")

    def __str__(self) -> str:
        return printable(self.client_id)
