"""Row locks of applications and their registrations, in one order."""

from django.db import router
from django.db.models import F
from oauth2_provider.models import get_application_model

from django_mcp.models import ClientRegistration


def lock_registrations(*client_ids: str) -> None:
    """Lock applications, then their registrations, until the caller's transactions end.

    Call it before anything else is locked or read: tokens are locked after registrations.
    """
    model = get_application_model()
    applications = model._default_manager.using(router.db_for_write(model))
    # By writes: SQLite, which locks no rows, fails to make a writer of a reader. And on PostgreSQL
    # `SELECT FOR UPDATE` would wait for tokens that are being issued, and they for it.
    for client_id in sorted(set(client_ids)):
        applications.filter(client_id=client_id).update(name=F("name"))
    for client_id in sorted(set(client_ids)):
        ClientRegistration.objects.filter(client_id=client_id).update(standing=F("standing"))
