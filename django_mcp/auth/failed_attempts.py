"""Authentication with a limit of bad credentials for each address.

Looking credentials up costs queries, and anybody may send some. So beyond the limit those of its
address are not looked at any more, but for those that were good before in this process: whoever
shares an address with a client that has gone wrong, such as behind a proxy, goes on.
"""

import hashlib

from django_mcp.auth.authenticators import authenticate, credentials_of
from django_mcp.auth.digest_cache import DigestCache
from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import InvalidCredentialsError, TooManyRequestsError
from django_mcp.peers import Peer, network_of
from django_mcp.policy.request_limits import RequestLimit
from django_mcp.principals import Principal

MAX_GOOD_CREDENTIALS = 10_000
"""Size of the cache of good credentials of a process, as digests of 32 bytes."""

good = DigestCache(MAX_GOOD_CREDENTIALS)

failures = RequestLimit("Requests with bad credentials from one address")


def authenticate_within_limit(peer: Peer, endpoint: Endpoint) -> Principal | None:
    """Authenticate a peer as `authenticate` does; count it against its address if that fails.

    Raises `TooManyRequestsError` once `DJANGO_MCP_FAILED_AUTHENTICATION_RATE` is reached, before
    the credentials are looked at, and so the same for good and bad ones.
    """
    rate = settings.FAILED_AUTHENTICATION_RATE
    if rate is None:
        return authenticate(peer, endpoint)
    digest = hashlib.sha256("\0".join(credentials_of(peer)).encode()).digest()
    if not good.holds(digest):
        _count(peer, rate, increment=False)
    try:
        principal = authenticate(peer, endpoint)
    except InvalidCredentialsError:
        good.discard(digest)
        _count(peer, rate, increment=True)
        raise
    if principal is not None:
        good.add(digest)
    return principal


def _count(peer: Peer, rate: str, *, increment: bool) -> None:
    wait = failures.seconds_to_wait(network_of(peer.address), rate, increment=increment)
    if wait:
        raise TooManyRequestsError(
            "Too many requests with credentials that are not good came from this address. "
            f"Wait {wait} seconds before you try again.",
            retry_after=wait,
        )
