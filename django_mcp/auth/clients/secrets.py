"""Verification of client secrets (RFC 6749, section 2.3.1), bounded in how often it is done.

A secret is stored as passwords are, so that one look at it costs as much as forty calls of a tool
(`python -m benchmarks.costliest`), and an anonymous registration brings one.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from django.contrib.auth.hashers import identify_hasher
from django.utils.crypto import salted_hmac
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from django_mcp.conf import settings
from django_mcp.policy.rates import seconds_to_wait

VERIFICATION = "django_mcp.client_secret"
CAPACITY = 10_000
"""Verified secrets that a process remembers, as digests of 32 bytes."""

_asking: ContextVar[Mapping[str, Any] | None] = ContextVar("django_mcp_asking", default=None)


class TooManySecretsError(OAuth2Error):
    """No more secrets are verified for this address now."""

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


class VerifiedSecrets:
    """Digests of secrets that were right, each with what was stored of it; for any thread.

    A client that has been let in before is known at once: neither wrong secrets from its address
    nor its own refused grants can keep it out. A changed secret is another digest.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = Lock()
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def holds(self, digest: bytes) -> bool:
        with self._lock:
            if digest not in self._digests:
                return False
            self._digests.move_to_end(digest)
            return True

    def add(self, digest: bytes) -> None:
        with self._lock:
            self._digests[digest] = None
            if len(self._digests) > self._capacity:
                self._digests.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._digests.clear()


verified = VerifiedSecrets(CAPACITY)


@contextmanager
def asked_by(meta: Mapping[str, Any]) -> Iterator[None]:
    """Count the secrets that are verified inside the block for the address in these headers."""
    token = _asking.set(meta)
    try:
        yield
    finally:
        _asking.reset(token)


def is_right(secret: str, stored: str, verify: Callable[[str, str], bool]) -> bool:
    """Return whether a secret is the stored one, asking `verify` where that is not known yet.

    Raises `TooManySecretsError` once `DJANGO_MCP_CLIENT_AUTHENTICATION_RATE` is reached. It is
    counted before it is verified, so that requests at the same time are bounded as well. While the
    cache cannot be reached nothing is refused: known clients must get in.
    """
    if not _is_hashed(stored):
        return verify(secret, stored)
    digest = salted_hmac(VERIFICATION, f"{stored} {secret}", algorithm="sha256").digest()
    if verified.holds(digest):
        return True
    wait = seconds_to_wait(
        VERIFICATION,
        rate=settings.CLIENT_AUTHENTICATION_RATE,
        meta=_asking.get() or {},
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
