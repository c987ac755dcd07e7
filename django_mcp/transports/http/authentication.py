"""Authentication by the headers of a request, before anything of its body is read."""

from django_mcp.auth.authenticators import Challenge, has_credentials
from django_mcp.auth.failed_attempts import authenticate_within_limit
from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import InvalidCredentialsError, TooManyRequestsError
from django_mcp.peers import Peer
from django_mcp.policy.callers import caller_key, digest
from django_mcp.policy.login_scopes import login_scopes
from django_mcp.policy.request_limits import RequestLimit
from django_mcp.principals import Principal
from django_mcp.threads.executors import run_in_control

requests = RequestLimit("Requests of one caller")


async def principal_of(peer: Peer, endpoint: Endpoint) -> Principal | Challenge:
    """Return the caller, or the challenge for one without credentials that are good here.

    Raises `TooManyRequestsError` for a caller that has reached `DJANGO_MCP_REQUEST_RATE`, and for
    an address from which too many credentials were bad.
    """
    is_anonymous = settings.ALLOW_ANONYMOUS and not has_credentials(peer)
    if is_anonymous and settings.REQUEST_RATE is None:
        return Principal(endpoint=endpoint)  # nothing is queried or counted, so no thread
    return await run_in_control(_counted, peer, endpoint)


def _counted(peer: Peer, endpoint: Endpoint) -> Principal | Challenge:
    caller, rate = _authenticate(peer, endpoint), settings.REQUEST_RATE
    if rate is None or isinstance(caller, Challenge):
        return caller
    key = digest(endpoint.name, caller_key(caller, peer.address), caller.client_id)
    wait = requests.seconds_to_wait(key, rate, increment=True)
    if wait:
        raise TooManyRequestsError(
            f"Too many requests. Wait {wait} seconds before you try again.", retry_after=wait
        )
    return caller


def _authenticate(peer: Peer, endpoint: Endpoint) -> Principal | Challenge:
    principal = None
    if has_credentials(peer):
        try:
            principal = authenticate_within_limit(peer, endpoint)
        except InvalidCredentialsError:
            return Challenge(error="invalid_token", scopes=login_scopes(endpoint))
    if principal is None and settings.ALLOW_ANONYMOUS:
        return Principal(endpoint=endpoint)
    return principal or Challenge(scopes=login_scopes(endpoint))
