"""Deletion of self-registered applications that are not used."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from oauth2_provider.models import get_application_model

from django_mcp.auth.tokens.queries import live_codes, live_tokens
from django_mcp.models import CallRecord, ClientRegistration
from django_mcp.models.clients import IS_LIMITED


def prune_clients(*, older_than: datetime.timedelta, batch: int = 500) -> int:
    """Delete applications that registered longer ago and were not used since; return their number.

    Those stay that hold a live token or code, that have called since, that an
    operator has approved, blocked or limited, and that were set up by hand. In batches, so that no
    lock is held for long.
    """
    before = timezone.now() - older_than
    deleted = 0
    for ids in _batches(_unheld(before), batch):
        # Their tokens are checked once more: a user may have logged in meanwhile.
        unused = _unheld(before).filter(client_id__in=ids - _used(ids, before))
        keys = list(unused.values_list("pk", flat=True))
        # With the tokens to manage their registrations, which outlive all others.
        unused.model._default_manager.using(unused.db).filter(pk__in=keys).delete()
        deleted += len(keys)
    for ids in _batches(_idle_registrations(before), batch):
        rows = ClientRegistration.objects.filter(client_id__in=ids - _existing(ids))
        rows.delete()
    return deleted


def _unheld(before: datetime.datetime) -> QuerySet[Any]:
    """Return the self-registered applications from before a time without tokens or codes."""
    model = get_application_model()
    applications: QuerySet[Any] = model._default_manager.using(router.db_for_write(model))
    return applications.filter(
        ~Exists(live_tokens().filter(application=OuterRef("pk"))),
        ~Exists(live_codes().filter(application=OuterRef("pk"))),
        created__lt=before,
    ).exclude(registration_source=model.RegistrationSource.MANUAL)


def _idle_registrations(before: datetime.datetime) -> QuerySet[Any]:
    return ClientRegistration.objects.filter(
        Q(last_used=None) | Q(last_used__lt=before),
        standing=ClientRegistration.Standing.NEW,
        created__lt=before,
    ).exclude(IS_LIMITED)


def _used(client_ids: set[str], before: datetime.datetime) -> set[str]:
    """Return the client ids that were approved, blocked, limited or used."""
    known = ClientRegistration.objects.filter(client_id__in=client_ids)
    idle = _idle_registrations(before).filter(client_id__in=client_ids)
    calls = CallRecord.objects.filter(client__in=client_ids, started__gte=before)
    return (
        set(known.values_list("client_id", flat=True))
        - set(idle.values_list("client_id", flat=True))
    ) | set(calls.order_by().values_list("client", flat=True).distinct())


def _existing(client_ids: set[str]) -> set[str]:
    applications = get_application_model()._default_manager.filter(client_id__in=client_ids)
    return set(applications.values_list("client_id", flat=True))


def _batches(rows: QuerySet[Any], size: int) -> Iterator[set[str]]:
    """Yield the client ids of the rows, with a short query for each batch."""
    rest = rows.order_by("pk")
    while found := list(rest.values_list("pk", "client_id")[:size]):
        yield {client_id for _, client_id in found}
        rest = rows.order_by("pk").filter(pk__gt=found[-1][0])
