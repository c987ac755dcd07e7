"""Details of OAuth clients for operators: the registration, the application and its users."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count
from oauth2_provider.models import get_application_model

from django_mcp.auth.tokens.queries import live_tokens
from django_mcp.models import ClientRegistration


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Registration with its application, which is None when it does not exist (yet).

    `users` is the number of those whose tokens it holds.
    """

    registration: ClientRegistration
    application: Any
    users: int

    @property
    def client_id(self) -> str:
        """Client id of the registration."""
        return self.registration.client_id

    @property
    def name(self) -> str:
        """Name of the application, which it chose itself; may be empty."""
        return "" if self.application is None else str(self.application.name)

    @property
    def host(self) -> str:
        """Host of the metadata document; empty without one."""
        is_document = self.source == ClientRegistration.Source.CIMD
        return (urlsplit(self.client_id).hostname or "") if is_document else ""

    @property
    def source(self) -> str:
        """`dcr`, `cimd`, or `manual`; empty for one that has not registered yet."""
        if self.application is None:
            return self.registration.source
        return str(self.application.registration_source)

    @property
    def redirect_uris(self) -> list[str]:
        """Redirect URIs of the application."""
        return [] if self.application is None else self.application.redirect_uris.split()

    def scopes(self) -> list[str]:
        """Return the scopes of all live tokens of the application."""
        tokens = live_tokens().filter(application__client_id=self.client_id)
        granted = tokens.order_by().values_list("scope", flat=True).distinct()
        return sorted({scope for scopes in granted for scope in scopes.split()})

    def user_keys(self, limit: int) -> list[Any]:
        """Return the keys of at most `limit` of its users."""
        tokens = live_tokens().filter(application__client_id=self.client_id, user__isnull=False)
        return list(tokens.order_by("user").values_list("user", flat=True).distinct()[:limit])


def clients_of(registrations: Iterable[ClientRegistration]) -> list[Client]:
    """Return the clients of these registrations, in their order, in two queries."""
    rows = list(registrations)
    keys = [row.client_id for row in rows]
    model = get_application_model()
    found = model._default_manager.filter(client_id__in=keys)
    applications = {application.client_id: application for application in found}
    users = _users_of(keys)
    return [
        Client(
            registration=row,
            application=applications.get(row.client_id),
            users=users.get(row.client_id, 0),
        )
        for row in rows
    ]


def find_client(client_id: str) -> Client | None:
    """Return the client of this id, self-registered or not; None for an unknown one."""
    registration = ClientRegistration.objects.filter(client_id=client_id).first()
    (client,) = clients_of([registration or ClientRegistration(client_id=client_id)])
    return None if registration is None and client.application is None else client


def _users_of(client_ids: Iterable[str]) -> dict[str, int]:
    tokens = live_tokens().filter(application__client_id__in=client_ids)
    counted = (
        tokens.order_by()
        .values("application__client_id")
        .annotate(users=Count("user", distinct=True))
    )
    return dict(counted.values_list("application__client_id", "users"))
