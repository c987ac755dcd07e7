"""Taking back what applications hold: codes, access tokens and refresh tokens."""

from typing import Any

from django.db import router, transaction
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
)

BATCH = 1_000


def revoke_all(client_id: str) -> int:
    """Take back all that an application holds, of anybody and for anything; return how many tokens.

    The next call with one is refused, and so is a background call that still waits.
    """
    with transaction.atomic(using=router.db_for_write(get_access_token_model())):
        _delete(get_grant_model(), application__client_id=client_id)
        # Deleted, not marked: a refresh token that is revoked may be good for another minute. And
        # before the access tokens, in whose order django-oauth-toolkit locks them.
        refresh = _delete(get_refresh_token_model(), application__client_id=client_id)
        return refresh + _delete(get_access_token_model(), application__client_id=client_id)


def _delete(model: Any, **chosen: Any) -> int:
    """Delete what there is until nothing is left: a refresh may replace what it has locked."""
    deleted = 0
    rows = model._default_manager.using(router.db_for_write(model)).filter(**chosen)
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        model._default_manager.using(rows.db).filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted
