"""The bearer tokens of a run with `--auth`."""

from datetime import timedelta

from django.contrib.auth.models import User

from django_mcp.auth.tokens.development import issue_token
from django_mcp.endpoints import Endpoint
from tests.conformance_project.settings import SCOPES

CLIENT = "Conformance client"
LIFETIME = timedelta(days=1)


def make_tokens(endpoint: Endpoint) -> dict[str, str]:
    """Create users, a client and tokens; returns the tokens by name.

    `good` holds every scope and `noscope` none; both belong to an active user. `expired`,
    `other_audience` and `inactive` (its user) have nothing else wrong with them.
    """
    user = User.objects.create_user("alice")
    inactive = User.objects.create_user("inactive", is_active=False)
    elsewhere = Endpoint(url="https://other.example/mcp")

    def make_token(
        *,
        user: User = user,
        scopes: tuple[str, ...] = tuple(SCOPES),
        endpoint: Endpoint = endpoint,
        expires: timedelta = LIFETIME,
    ) -> str:
        return issue_token(
            user=user, scopes=scopes, endpoint=endpoint, client=CLIENT, expires=expires
        )

    return {
        "good": make_token(),
        "noscope": make_token(scopes=()),
        "expired": make_token(expires=-LIFETIME),
        "other_audience": make_token(endpoint=elsewhere),
        "inactive": make_token(user=inactive),
    }
