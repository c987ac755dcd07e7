"""Verification of client secrets (RFC 6749, section 2.3.1), with a cache and a rate limit.

A secret is stored as passwords are, so that one look at it costs as much as forty calls of a tool
(`python -m benchmarks.costliest`), and an anonymous registration brings one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.hashers import identify_hasher
from django.utils.crypto import salted_hmac
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from django_mcp.auth.digest_cache import DigestCache
from django_mcp.conf import settings
from django_mcp.policy.rates import seconds_to_wait

VERIFICATION = "django_mcp.client_secret"
MAX_VERIFIED_SECRETS = 10_000
"""Size of the cache of verified secrets of a process, as digests of 32 bytes."""

_sender: ContextVar[Mapping[str, Any] | None] = ContextVar("django_mcp_sender", default=None)


class TooManySecretsError(OAuth2Error):
    """Error of an address that has reached the rate limit of secrets."""

    error = "temporarily_unavailable"
    description = "Too many client secrets were sent from this address."
    status_code = 429

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__()

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the response; the time to wait is in seconds."""
        return {"Retry-After": str(self.wait)}


verified = DigestCache(MAX_VERIFIED_SECRETS)
"""Digests of correct secrets with their stored hashes.

A client that was authenticated before is known at once: neither wrong secrets from its address nor
its own refused grants can keep it out. A changed secret is another digest.
"""


@contextmanager
def sent_from(meta: Mapping[str, Any]) -> Iterator[None]:
    """Count the secrets that are verified inside the block against the address in these headers."""
    token = _sender.set(meta)
    try:
        yield
    finally:
        _sender.reset(token)


def is_correct(secret: str, stored: str, verify: Callable[[str, str], bool]) -> bool:
    """Return whether a secret is the stored one; `verify` is called for those not cached yet.

    Raises `TooManySecretsError` once `DJANGO_MCP_CLIENT_AUTHENTICATION_RATE` is reached. It is
    counted before it is verified, so that requests at the same time are bounded as well. While the
    cache cannot be reached nothing is refused: known clients must be authenticated.
    """
    if not _is_hashed(stored):
        return verify(secret, stored)
    digest = salted_hmac(VERIFICATION, f"{stored} {secret}", algorithm="sha256").digest()
    if verified.holds(digest):
        return True
    wait = seconds_to_wait(
        VERIFICATION,
        rate=settings.CLIENT_AUTHENTICATION_RATE,
        meta=_sender.get() or {},
        fail_open=True,
    )
    if wait:
        raise TooManySecretsError(wait)
    if not verify(secret, stored):
        return False
    verified.add(digest)
    return True


def _is_hashed(stored: str) -> bool:
    try:
        identify_hasher(stored)
    except ValueError:
        return False
    return True
