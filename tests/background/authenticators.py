"""Authenticators that change their mind about those for whom they vouched."""

from dataclasses import replace
from datetime import timedelta

from django.db import OperationalError
from django.utils import timezone

from django_mcp import Endpoint, Peer, Principal
from django_mcp.exceptions import InvalidCredentialsError
from tests.keys import KeyAuthenticator


class Withdrawing(KeyAuthenticator):
    def renew(self, principal: Principal) -> Principal:
        raise InvalidCredentialsError


class Narrowing(KeyAuthenticator):
    def renew(self, principal: Principal) -> Principal:
        return replace(principal, scopes=frozenset())


class Counting(KeyAuthenticator):
    renewals = 0

    def renew(self, principal: Principal) -> Principal:
        type(self).renewals += 1
        return principal


class Broken(KeyAuthenticator):
    def renew(self, principal: Principal) -> Principal:
        raise RuntimeError("the service that knows the keys is gone")


class Unreachable(KeyAuthenticator):
    """Its database is away for a moment."""

    is_away = True

    def renew(self, principal: Principal) -> Principal:
        if type(self).is_away:
            type(self).is_away = False
            raise OperationalError
        return principal


class Dated(KeyAuthenticator):
    """Its keys expire while a call waits, and cannot be renewed."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        found = super().authenticate(peer, endpoint)
        soon = timezone.now() + timedelta(milliseconds=1)
        return None if found is None else replace(found, expires=soon)
