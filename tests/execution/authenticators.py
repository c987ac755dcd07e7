"""Authenticators that change their mind about those for whom they vouched."""

from dataclasses import replace

from django_mcp import Principal
from django_mcp.exceptions import InvalidCredentialsError
from tests.keys import KeyAuthenticator


class Withdrawing(KeyAuthenticator):
    def renew(self, principal: Principal) -> Principal:
        raise InvalidCredentialsError


class Narrowing(KeyAuthenticator):
    def renew(self, principal: Principal) -> Principal:
        return replace(principal, scopes=frozenset())
