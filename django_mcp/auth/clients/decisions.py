"""Decisions of operators about OAuth clients: approve, block and unblock."""

from django.db import router, transaction
from oauth2_provider.models import get_access_token_model, get_application_model

from django_mcp.auth.clients.registration.duplicates import repeats_of
from django_mcp.auth.clients.registration.locks import lock_registrations
from django_mcp.auth.tokens.revocation import revoke_all
from django_mcp.models import ClientRegistration

Standing = ClientRegistration.Standing


def approve(client_id: str) -> list[str]:
    """Approve an application, as `DJANGO_MCP_REQUIRE_APPROVED_CLIENTS` demands.

    It may be blocked, new, or not registered yet. Returns the client ids of the new ones that
    were approved with it, because they repeat its registration: its host goes on with any of them.
    """
    registrations = ClientRegistration.objects.all()
    candidates = repeats_of(client_id)
    with (
        transaction.atomic(using=router.db_for_write(get_application_model())),
        transaction.atomic(using=registrations.db),
    ):
        lock_registrations(client_id, *candidates)
        registrations.set_standing(client_id, Standing.APPROVED)
        # Compared again: they may have changed before they were locked.
        locked = set(candidates).intersection(repeats_of(client_id))
        repeats = registrations.filter(client_id__in=locked, standing=Standing.NEW)
        approved = sorted(repeats.values_list("client_id", flat=True))
        repeats.filter(client_id__in=approved).update(standing=Standing.APPROVED)
    return approved


def block(client_id: str) -> int:
    """Block an application at once, and revoke its tokens; return their number.

    It gets no new ones, its next call is refused, and so are its background calls that still wait.
    """
    registrations = ClientRegistration.objects.all()
    with (
        transaction.atomic(using=router.db_for_write(get_access_token_model())),
        transaction.atomic(using=registrations.db),
    ):
        # First, so that a token that is being issued is either refused or found.
        registrations.set_standing(client_id, Standing.BLOCKED)
        return revoke_all(client_id)


def unblock(client_id: str) -> None:
    """Reset an application to `new`. Its revoked tokens stay revoked."""
    ClientRegistration.objects.set_standing(client_id, Standing.NEW)
