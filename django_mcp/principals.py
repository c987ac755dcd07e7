"""Principals: the callers for whom requests are served."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django_mcp.endpoints import Endpoint

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.contrib.auth.base_user import AbstractBaseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller of a request, as an authenticator vouches for it; never the raw credential.

    `user` is None for anonymous callers. `credential` identifies the token without revealing it,
    and `authenticator` is the dotted path of the class that knows it. What stays open for the
    caller ends when the credential `expires`; None for never.

    `grant` identifies the grant that an OAuth token belongs to, which a refresh keeps (RFC 9700,
    section 4.14.2): what stays open goes on with another token of the same grant, and of no other.
    Empty where no token can replace the `credential`, or none is known yet; None where grants are
    not told apart.
    """

    endpoint: Endpoint
    user: "AbstractBaseUser | None" = None
    client_id: str = ""
    client_name: str = ""
    scopes: frozenset[str] = frozenset()
    credential: str = ""
    authenticator: str = ""
    # The same caller, however long it is one, and whatever is known of its grant.
    expires: datetime | None = field(default=None, compare=False)
    grant: str | None = field(default=None, compare=False)

    @property
    def is_anonymous(self) -> bool:
        """True if the caller speaks for no user; it may still be a known client, with scopes."""
        return self.user is None
