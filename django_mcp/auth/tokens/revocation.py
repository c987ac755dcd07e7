"""Revocation of authorization codes, refresh tokens and access tokens, in short transactions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router, transaction
from django.db.models import QuerySet
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_refresh_token_model,
)
from oauth2_provider.settings import oauth2_settings

from django_mcp.endpoints import Endpoint

BATCH_ROWS = 1_000
"""Maximum number of rows that one transaction deletes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Numbers of codes and tokens, including expired and replaced ones."""

    codes: int
    refresh_tokens: int
    access_tokens: int

    @property
    def tokens(self) -> int:
        """Number of access and refresh tokens."""
        return self.refresh_tokens + self.access_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTokens:
    """Codes and tokens with the endpoint as an audience; any audience if it is None.

    Of one user, of one application, of both together, or of all users for the endpoint. The latter
    includes the tokens by which applications manage their registrations (RFC 7592).
    """

    endpoint: Endpoint | None
    user: AbstractBaseUser | None = None
    client_id: str | None = None

    def __post_init__(self) -> None:
        if self.endpoint is None and self.client_id is None:
            raise ValueError("These would be all tokens of the site.")

    def count(self) -> TokenCounts:
        """Return the numbers that `revoke` would delete now."""
        return TokenCounts(
            codes=self._count(get_grant_model()),
            refresh_tokens=self._count(get_refresh_token_model()),
            access_tokens=self._count(get_access_token_model()),
        )

    def revoke(self) -> TokenCounts:
        """Delete them; a concurrent exchange is either found or refused.

        The next call with one is refused, and so is a background call that still waits.
        """
        # Codes and refresh tokens first: once they are gone no access token can follow. Deleted,
        # not marked: a refresh token that is revoked may be good for another minute.
        return TokenCounts(
            codes=self._delete(get_grant_model()),
            refresh_tokens=self._delete(get_refresh_token_model()),
            access_tokens=self._delete(get_access_token_model()),
        )

    def _count(self, model: Any) -> int:
        return sum(map(len, self._batches(model)))

    def _delete(self, model: Any) -> int:
        """Delete until no row is left: a refresh may have replaced a locked token."""
        deleted = 0
        while found := [_delete_batch(model, keys) for keys in self._batches(model)]:
            deleted += sum(found)
        return deleted

    def _batches(self, model: Any) -> Iterator[list[Any]]:
        """Yield the keys in batches.

        The table is read along its key, because not every database can look into a list.
        """
        rows = self._rows(model).order_by("pk")
        columns = ["pk", "resource"]
        if model is get_access_token_model():
            columns.append("scope")
        page = list(rows.values_list(*columns)[:BATCH_ROWS])
        while page:
            if keys := [key for key, *facts in page if self._has(*facts)]:
                yield keys
            if len(page) < BATCH_ROWS:
                return
            page = list(rows.filter(pk__gt=page[-1][0]).values_list(*columns)[:BATCH_ROWS])

    def _rows(self, model: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = _rows_of(model)
        if self.user is not None:
            rows = rows.filter(user=self.user)
        if self.client_id is not None:
            # By their key, of which the database knows how frequent it is.
            applications = _rows_of(get_application_model()).filter(client_id=self.client_id)
            rows = rows.filter(application__in=list(applications.values_list("pk", flat=True)))
        return rows

    def _has(self, resource: list[str] | None, scope: str = "") -> bool:
        if self.endpoint is None or self.endpoint.is_audience(resource):
            return True
        is_of_all_users = self.user is None and self.client_id is None
        return is_of_all_users and scope == oauth2_settings.DCR_REGISTRATION_SCOPE


def revoke_all(client_id: str) -> int:
    """Revoke all codes and tokens of an application; return the number of tokens.

    The tokens by which it manages its registration (RFC 7592) are among them.
    """
    return HeldTokens(endpoint=None, client_id=client_id).revoke().tokens


def revoke_of_user(
    user: AbstractBaseUser, endpoints: Iterable[Endpoint], *, client_id: str | None = None
) -> int:
    """Revoke the codes and tokens of a user for these endpoints, of one application or of all.

    Those for other audiences alone stay. Returns the number of tokens.
    """
    return sum(
        HeldTokens(endpoint=endpoint, user=user, client_id=client_id).revoke().tokens
        for endpoint in endpoints
    )


def _rows_of(model: Any) -> Any:
    return model._default_manager.using(router.db_for_write(model))


def _delete_batch(model: Any, keys: list[Any]) -> int:
    rows = _rows_of(model).filter(pk__in=keys)
    with transaction.atomic(using=rows.db):
        if model is get_refresh_token_model():
            # Before the access tokens that came of them, which are changed first otherwise:
            # django-oauth-toolkit locks them in this order, and would wait for ever.
            list(rows.select_for_update().values_list("pk"))
        deleted: dict[str, int] = rows.delete()[1]
    return deleted.get(model._meta.label, 0)
