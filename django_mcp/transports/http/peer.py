"""Peer of an HTTP request."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest
from django.http.request import HttpHeaders

from django_mcp.peers import Peer
from django_mcp.policy.peer_addresses import peer_address


def peer_of(request: HttpRequest) -> Peer:
    """Return the program that sent a request, with the address that the project's settings find."""
    return Peer(
        address=peer_address(request.META),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        headers=RequestHeaders(request.META),
    )


class RequestHeaders(Mapping[str, str]):
    """Case-insensitive headers of a request, read from its `META` on access.

    They equal Django's `HttpRequest.headers`, which cost a request of no credentials a tenth of its
    time: all of them are spelled anew for the few that are read.
    """

    def __init__(self, meta: Mapping[str, Any]) -> None:
        self._meta = meta

    def __getitem__(self, name: str) -> str:
        value: str = self._meta[HttpHeaders.to_wsgi_name(name)]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(HttpHeaders(self._meta))

    def __len__(self) -> int:
        return len(HttpHeaders(self._meta))
