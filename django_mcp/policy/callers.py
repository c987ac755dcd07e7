"""Keys of the callers that limits count: the user, else the client, else the address."""

import hashlib
import json

from django_mcp.peers import network_of
from django_mcp.principals import Principal


def caller_key(principal: Principal, address: str) -> str:
    """Return the key of whoever is counted for a call from this address.

    That is its user, through whatever client; for an anonymous caller its client; and without one
    the address, for IPv6 the network. No caller has the key of another, whatever it calls itself.
    """
    if principal.user is not None:
        return digest("user", str(principal.user.pk))
    if principal.client_id:
        return digest("client", principal.client_id)
    return digest("address", network_of(address[:64]))


def digest(*parts: str) -> str:
    """Return 64 hexadecimal digits for these texts, which no other texts have.

    Fit for a part of a key of any cache, whatever callers have put into the texts.
    """
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
