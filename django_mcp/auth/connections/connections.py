"""Applications that hold access to endpoints for a user, with their permissions and usage."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Min
from oauth2_provider.models import get_refresh_token_model
from oauth2_provider.scopes import get_scopes_backend

from django_mcp.auth.clients.redirect_uris import Destination, is_acceptable, without_port
from django_mcp.auth.connections.exports import Export, exports_of
from django_mcp.auth.consent.client_summary import ClientSummary
from django_mcp.auth.consent.display_names import service_address
from django_mcp.auth.tokens.queries import live_tokens
from django_mcp.conf import settings
from django_mcp.endpoints import get_endpoints
from django_mcp.escapes import printable
from django_mcp.models import CallRecord, ClientRegistration

MAX_COUNTED_CALLS = 5_000
"""Number of the latest calls of a user that are counted, however many are on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Number and time of the calls of an application for a user, among the latest on record."""

    calls: int
    last: datetime.datetime | None
    looked_at: int | None
    """Number of calls of the user that were counted; None when that is all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Application that holds access to endpoints for a user, with its permissions.

    `address` and `destinations` are those of a dynamic registration: its sender, and the targets of
    its redirects. They are empty for another. `services` are the addresses of the endpoints
    that it has access to, where the site has several. `usage` is None where calls are not recorded.
    `exports` is what it has taken out, where that is limited.
    """

    client_id: str
    program_key: object
    client: ClientSummary
    address: str
    destinations: Sequence[Destination]
    since: datetime.datetime
    permissions: Sequence[str]
    services: Sequence[str]
    usage: Usage | None
    exports: Sequence[Export]


def connections_of(user: AbstractBaseUser) -> list[Connection]:
    """Return the connections of a user, the latest first, in a constant number of queries."""
    endpoints = get_endpoints()
    tokens = [
        token
        for token in live_tokens()
        .filter(user=user, application__isnull=False)
        .select_related("application")
        .order_by("application", "pk")
        if endpoints.by_audience(token.resource)
    ]
    if not tokens:
        return []
    began = _beginnings(tokens)
    usages = _usages(user) if settings.RECORD else None
    words: Mapping[str, Any] = get_scopes_backend().get_all_scopes()
    client_ids = {token.application.client_id for token in tokens}
    addresses = _addresses(client_ids)
    exports = exports_of(user, client_ids)
    found = [
        _connection(application, list(held), began, usages, words, addresses, exports)
        for application, held in groupby(tokens, key=lambda token: token.application)
    ]
    return sorted(found, key=lambda connection: connection.since, reverse=True)


def _connection(
    application: Any,
    tokens: Sequence[Any],
    began: Mapping[Any, datetime.datetime],
    usages: "Usages | None",
    words: Mapping[str, Any],
    addresses: Mapping[str, str],
    exports: Mapping[str, Sequence[Export]],
) -> Connection:
    scopes = {scope for token in tokens for scope in token.scope.split()}
    moments = [token.created for token in tokens]
    if application.pk in began:
        moments.append(began[application.pk])
    is_dynamic = application.registration_source == application.RegistrationSource.DCR
    # Redirects that cannot be used may be anything.
    redirect_uris = filter(is_acceptable, application.redirect_uris.split() if is_dynamic else ())
    destinations = [Destination.of(uri) for uri in redirect_uris]
    return Connection(
        client_id=application.client_id,
        program_key=_program_key(application, destinations) if is_dynamic else application.pk,
        client=ClientSummary.of(application),
        address=addresses.get(application.client_id, "") if is_dynamic else "",
        destinations=destinations,
        since=min(moments),
        permissions=[str(words.get(scope, scope)) for scope in sorted(scopes)],
        services=_services(tokens),
        usage=None if usages is None else usages.of(application.client_id),
        exports=exports.get(application.client_id, ()),
    )


def _services(tokens: Iterable[Any]) -> list[str]:
    endpoints = get_endpoints()
    if len(endpoints) == 1:
        return []
    opened = {each for token in tokens for each in endpoints.by_audience(token.resource)}
    return [service_address(endpoint) for endpoint in endpoints if endpoint in opened]


def _program_key(application: Any, destinations: Iterable[Destination]) -> object:
    """Return the key by which `Program` groups dynamic registrations."""
    uris = frozenset(without_port(destination.uri) for destination in destinations)
    return application.name, uris


def _addresses(client_ids: Iterable[str]) -> dict[str, str]:
    """Return the addresses of the senders of registrations, in printable characters."""
    rows = ClientRegistration.objects.filter(client_id__in=list(client_ids))
    return {key: printable(address) for key, address in rows.values_list("client_id", "address")}


def _beginnings(tokens: Iterable[Any]) -> dict[Any, datetime.datetime]:
    """Return the times of the logins behind the tokens, which refreshes have replaced since."""
    rows = get_refresh_token_model()._default_manager.order_by()
    families = rows.filter(access_token__in=[token.pk for token in tokens]).values("token_family")
    began = rows.filter(token_family__in=families).values("application").annotate(Min("created"))
    return dict(began.values_list("application", "created__min"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usages:
    """Number and time of the latest calls of a user, by client."""

    counts: Mapping[str, int]
    lasts: Mapping[str, datetime.datetime]
    looked_at: int | None

    def of(self, client_id: str) -> Usage:
        """Return the usage of one client."""
        return Usage(
            calls=self.counts.get(client_id, 0),
            last=self.lasts.get(client_id),
            looked_at=self.looked_at,
        )


def _usages(user: AbstractBaseUser) -> Usages:
    # Along the index of users alone: to count for each client, a database might read them all.
    latest = CallRecord.objects.filter(user=str(user.pk)).newest_first()
    calls = list(latest.values_list("client", "started")[:MAX_COUNTED_CALLS])
    counts: dict[str, int] = {}
    lasts: dict[str, datetime.datetime] = {}
    for client, started in calls:
        counts[client] = counts.get(client, 0) + 1
        lasts.setdefault(client, started)
    is_cut = len(calls) == MAX_COUNTED_CALLS
    return Usages(counts=counts, lasts=lasts, looked_at=MAX_COUNTED_CALLS if is_cut else None)
