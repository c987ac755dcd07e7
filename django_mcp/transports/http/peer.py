"""The peer of an HTTP request."""

from django.http import HttpRequest

from django_mcp.peers import Peer
from django_mcp.policy.peer_addresses import peer_address


def peer_of(request: HttpRequest) -> Peer:
    """Return the program that sent a request, with the address that the project's settings find."""
    return Peer(
        address=peer_address(request.META),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        headers=request.headers,
    )
