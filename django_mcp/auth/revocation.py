"""Taking back what applications hold: codes, access tokens and refresh tokens."""

from collections.abc import Callable
from typing import Any, TypeAlias

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router, transaction
from django.db.models import QuerySet
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
)

from django_mcp.auth.holdings import names
from django_mcp.principals import Endpoint

BATCH = 1_000

Find: TypeAlias = Callable[[QuerySet[Any]], list[Any]]
"""Finds among these rows the keys of some that are meant; none when there are none any more."""


def revoke_all(client_id: str) -> int:
    """Take back all that an application holds, of anybody and for anything; return how many tokens.

    The next call with one is refused, and so is a background call that still waits.
    """

    def find(rows: QuerySet[Any]) -> list[Any]:
        held = rows.filter(application__client_id=client_id)
        return list(held.values_list("pk", flat=True)[:BATCH])

    return _revoke(find)


def revoke_of_user(
    user: AbstractBaseUser, endpoint: Endpoint, *, client_id: str | None = None
) -> int:
    """Take back what a user has given for the endpoint to an application, or to any.

    What opens other things alone is left. The rest is as with `revoke_all`.
    """

    def find(rows: QuerySet[Any]) -> list[Any]:
        held = rows.filter(user=user)
        if client_id is not None:
            held = held.filter(application__client_id=client_id)
        # Not every database can look into a list.
        found = held.values_list("pk", "resource")
        return [key for key, resource in found if names(resource, endpoint)][:BATCH]

    return _revoke(find)


def _revoke(find: Find) -> int:
    with transaction.atomic(using=router.db_for_write(get_access_token_model())):
        _delete(get_grant_model(), find)
        # Deleted, not marked: a refresh token that is revoked may be good for another minute. And
        # before the access tokens, in whose order django-oauth-toolkit locks them.
        refresh = _delete(get_refresh_token_model(), find)
        return refresh + _delete(get_access_token_model(), find)


def _delete(model: Any, find: Find) -> int:
    """Delete what there is until nothing is left: a refresh may replace what it has locked."""
    deleted = 0
    rows = model._default_manager.using(router.db_for_write(model))
    while keys := find(rows):
        rows.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted
