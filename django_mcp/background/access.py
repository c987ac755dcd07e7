"""Access of a request that stays open: renewed before each message, and at intervals."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from django_mcp.background.serialization import renewed_principal
from django_mcp.exceptions import AccessEndedError, RevokedError
from django_mcp.principals import Principal
from django_mcp.threads.executors import run_detached, run_in_control
from django_mcp.threads.per_loop import PerLoop

logger = logging.getLogger(__name__)

MAX_AGE_SECONDS = 1.0
"""Time for which one renewal serves all messages about progress to the same caller."""

RENEWAL_INTERVAL_SECONDS = 30.0
"""Between two renewals while no message is sent."""


class Access:
    """Access of one request, which must hold these scopes for as long as it is served.

    Where grants are told apart, each renewal is of the credential and the grant that the last one
    has found: another login of the same user and client does not keep the request open.
    """

    def __init__(self, principal: Principal, *, scopes: Collection[str] = ()) -> None:
        self._principal = principal
        self._scopes = frozenset(scopes)

    async def begin(self) -> None:
        """Read the grant, where there are any, while the credential that belongs to it is there.

        Raises `AccessEndedError` when it is not. Judges neither scopes nor expiry, as `renew` does.
        """
        if self._principal.grant is not None:
            await self._renewed(MAX_AGE_SECONDS)

    async def renew(self, *, max_age: float = 0) -> Principal:
        """Return the caller as it stands now, or stood at most `max_age` seconds ago.

        While the database is away this waits, so that nothing is sent. Raises `AccessEndedError`.
        """
        principal = await self._renewed(max_age)
        has_expired = principal.expires is not None and principal.expires <= timezone.now()
        if has_expired or not self._scopes <= principal.scopes:
            raise AccessEndedError
        return principal

    @asynccontextmanager
    async def kept_valid(self) -> AsyncIterator[None]:
        """Renew access at intervals inside the block.

        When it has ended, the block is cancelled and this raises `AccessEndedError`.
        """
        try:
            async with asyncio.timeout(None) as limit:
                renewing = asyncio.create_task(self._renew_regularly(limit))
                try:
                    yield
                finally:
                    renewing.cancel()
        except TimeoutError:
            if not limit.expired():
                raise
            raise AccessEndedError from None

    async def _renew_regularly(self, limit: asyncio.Timeout) -> None:
        while True:
            await asyncio.sleep(RENEWAL_INTERVAL_SECONDS)
            try:
                await self.renew(max_age=MAX_AGE_SECONDS)
            except AccessEndedError:
                limit.reschedule(asyncio.get_running_loop().time())
                return

    async def _renewed(self, max_age: float) -> Principal:
        if self._principal.is_anonymous and not self._principal.authenticator:
            return self._principal  # nothing could have been withdrawn
        while True:
            try:
                renewed = await _renewals.get().renew(self._principal, max_age)
            except RevokedError:
                raise AccessEndedError from None
            except (DatabaseError, InterfaceError):
                logger.warning("Access cannot be renewed; that is tried again", exc_info=True)
                await asyncio.sleep(MAX_AGE_SECONDS)  # a database tells nobody that it is back
                continue
            except Exception:
                logger.exception("Access cannot be renewed, so it ends")
                raise AccessEndedError from None
            if renewed.grant is not None:
                self._principal = replace(
                    self._principal, credential=renewed.credential, grant=renewed.grant
                )
            return renewed


_Key = tuple[Principal, datetime | None, str | None]


class _Renewals:
    """The latest renewals on one event loop, for all requests of the same principal."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._latest: dict[_Key, tuple[float, asyncio.Task[Principal]]] = {}

    async def renew(self, principal: Principal, max_age: float) -> Principal:
        # Two fields are not compared with the principal.
        key = (principal, principal.expires, principal.grant)
        started, renewal = self._latest.get(key, (0.0, None))
        if renewal is None or self._loop.time() - started >= max_age:
            renewal = run_detached(run_in_control(renewed_principal, principal))
            # When it started: what is withdrawn during it may be missed.
            self._latest[key] = self._loop.time(), renewal
            self._loop.call_later(MAX_AGE_SECONDS, self._forget, key, renewal)
        return await asyncio.shield(renewal)

    def _forget(self, key: _Key, renewal: asyncio.Task[Principal]) -> None:
        if self._latest[key][1] is renewal:
            del self._latest[key]


_renewals = PerLoop(_Renewals)
