"""Authentication by the headers of a request, before anything of its body is read."""

from django_mcp.auth.authenticators import Challenge, authenticate, has_credentials
from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import InvalidCredentialsError
from django_mcp.peers import Peer
from django_mcp.policy.login_scopes import login_scopes
from django_mcp.principals import Principal
from django_mcp.threads.executors import run_in_control


async def principal_of(peer: Peer, endpoint: Endpoint) -> Principal | Challenge:
    """Return the caller, or the challenge for one without credentials that are good here."""
    if settings.ALLOW_ANONYMOUS and not has_credentials(peer):
        return Principal(endpoint=endpoint)  # nothing is queried, so no thread
    return await run_in_control(_authenticate, peer, endpoint)


def _authenticate(peer: Peer, endpoint: Endpoint) -> Principal | Challenge:
    principal = None
    if has_credentials(peer):
        try:
            principal = authenticate(peer, endpoint)
        except InvalidCredentialsError:
            return Challenge(error="invalid_token", scopes=login_scopes(endpoint))
    if principal is None and settings.ALLOW_ANONYMOUS:
        return Principal(endpoint=endpoint)
    return principal or Challenge(scopes=login_scopes(endpoint))
