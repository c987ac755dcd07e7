"""Revocation of all access of a user or a client: tokens, codes and background tasks."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser

from django_mcp.background.cancellation import cancel
from django_mcp.endpoints import Endpoint
from django_mcp.models import CallRecord, ClientRegistration, ToolTask
from django_mcp.models.tasks import ToolTaskQuerySet

if TYPE_CHECKING:  # django-oauth-toolkit may not be installed
    from django_mcp.auth.tokens.revocation import HeldTokens, TokenCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCounts:
    """Numbers of codes and tokens, zero without django-oauth-toolkit, and of unended tasks."""

    codes: int = 0
    refresh_tokens: int = 0
    access_tokens: int = 0
    tasks: int = 0

    @property
    def tokens(self) -> int:
        """Number of refresh tokens and access tokens."""
        return self.refresh_tokens + self.access_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAccess:
    """Access that is held to an endpoint: of one user, of a user through one client, or of all.

    Of a client alone it is all that the client holds, whatever the endpoint, and for other parts of
    the site too.
    """

    endpoint: Endpoint | None = None
    user: AbstractBaseUser | None = None
    client_id: str | None = None

    def __post_init__(self) -> None:
        if self.endpoint is None and not self._is_of_a_client:
            raise ValueError("Access of users is access to an endpoint.")

    def count(self) -> AccessCounts:
        """Count what `revoke` would revoke and cancel now."""
        held = self._held_tokens()
        return _counts(held.count() if held else None, tasks=self._tasks().count())

    def revoke(self) -> AccessCounts:
        """Delete the codes and tokens, then cancel the tasks; return how many.

        Call it from a thread, and in no transaction: each batch has its own. It may be repeated
        after a failure. A call that was let in before its token was deleted may still queue a task,
        which its worker refuses to run.
        """
        held = self._held_tokens()
        revoked = held.revoke() if held else None
        keys = list(self._tasks().values_list("pk", flat=True))
        for key in keys:
            cancel(key)
        return _counts(revoked, tasks=len(keys))

    @property
    def is_of_all_users(self) -> bool:
        """True if neither a user nor a client is named."""
        return self.user is None and self.client_id is None

    @property
    def _is_of_a_client(self) -> bool:
        return self.client_id is not None and self.user is None

    def _held_tokens(self) -> "HeldTokens | None":
        if not apps.is_installed("oauth2_provider"):
            return None
        from django_mcp.auth.tokens.revocation import HeldTokens

        endpoint = None if self._is_of_a_client else self.endpoint
        return HeldTokens(endpoint=endpoint, user=self.user, client_id=self.client_id)

    def _tasks(self) -> ToolTaskQuerySet:
        tasks = ToolTask.objects.unended()
        if self.endpoint is not None and not self._is_of_a_client:
            tasks = tasks.filter(endpoint=self.endpoint.name)
        if self.user is not None:
            tasks = tasks.filter(user=str(self.user.pk))
        if self.client_id is not None:
            tasks = tasks.filter(client=self.client_id)
        return tasks


def is_known_client(client_id: str) -> bool:
    """Return whether there is an application of this id, a registration, a task or a call."""
    traces = (
        ClientRegistration.objects.filter(client_id=client_id),
        ToolTask.objects.filter(client=client_id),
        CallRecord.objects.filter(client=client_id),
    )
    if any(rows.exists() for rows in traces):
        return True
    if not apps.is_installed("oauth2_provider"):
        return False
    from django_mcp.auth.clients.details import find_client

    return find_client(client_id) is not None


def _counts(held: "TokenCounts | None", *, tasks: int) -> AccessCounts:
    return AccessCounts(tasks=tasks, **(asdict(held) if held else {}))
