"""The accounts that the demo creates, and its sign-in page shows."""

import os
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user and the password: the one that `variable` of the environment holds, or the public one.

    The public password is the username.
    """

    username: str
    variable: str

    @property
    def has_public_password(self) -> bool:
        return not os.environ.get(self.variable)

    @property
    def password(self) -> str:
        return os.environ.get(self.variable) or self.username


DEMO = Account(username="demo", variable="DEMO_PASSWORD")
ADMIN = Account(username="admin", variable="DEMO_ADMIN_PASSWORD")


def demo_accounts(request: HttpRequest) -> dict[str, tuple[Account, ...]]:
    """Context processor: `demo_accounts` for the sign-in page of the demo, none on other sites."""
    return {"demo_accounts": (DEMO, ADMIN) if getattr(settings, "IS_DEMO", False) else ()}
