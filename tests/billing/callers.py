"""Who asks: each of them asks the API with a token, and the tools with the same scopes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from django_mcp.testing import MCPClient
from tests import factories
from tests.billing.tenancy import DOMAIN

READ = ("read", "invoice:read")
EVERYTHING = (*READ, "write", "invoice:send", "payment:write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user with scopes; `username` is empty for nobody, `company` names the host."""

    name: str
    username: str = ""
    company: str = ""
    scopes: tuple[str, ...] = EVERYTHING

    @property
    def user(self) -> User | None:
        return User.objects.get(username=self.username) if self.username else None

    @property
    def agent(self) -> MCPClient:
        """Their agent."""
        return MCPClient(user=self.user, scopes=self.scopes if self.username else ())

    def browser(self, *, at_host: bool) -> Client:
        """Their program that asks the API, at the host of their company or at that of the site."""
        headers: dict[str, Any] = {"HTTP_ACCEPT": "application/json"}
        if self.username:
            token = factories.token(
                factories.by_hand("Program"), self.user, scope=" ".join(self.scopes), resource=[]
            )
            headers["HTTP_AUTHORIZATION"] = f"Bearer {token.token}"
        if self.company and at_host:
            headers["HTTP_HOST"] = f"{self.company}.{DOMAIN}"
        return Client(raise_request_exception=False, **headers)


CALLERS: Mapping[str, Caller] = {
    caller.name: caller
    for caller in (
        Caller(name="owner", username="olga", company="acme"),
        Caller(name="member", username="emil", company="acme"),
        Caller(name="read-only", username="vera", company="acme"),
        Caller(name="without permission", username="carl", company="acme"),
        Caller(name="scopes to read", username="emil", company="acme", scopes=READ),
        Caller(name="wrong scopes", username="emil", company="acme", scopes=("shop:read",)),
        Caller(name="other tenant", username="rita", company="rivals"),
        Caller(name="staff", username="stan"),
        Caller(name="anonymous"),
    )
}
