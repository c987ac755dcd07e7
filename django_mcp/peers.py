"""Peers: the programs that send requests, as far as a transport knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal

from django.utils.datastructures import CaseInsensitiveMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Program that sent a request: its address, and what it sent beside the message.

    `address` is the client's IP address as `RATELIMIT_IP_META_KEY` finds it, and empty where there
    is none. `user_agent` is what the program calls itself. `headers` holds every header of the
    request, `Authorization` and `Cookie` among them; it is read-only, and its keys are
    case-insensitive. `transport` names what the request came over.
    """

    address: str = ""
    user_agent: str = ""
    # Out of the representation, because it holds credentials.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    transport: Literal["http"] = "http"

    def __post_init__(self) -> None:
        if isinstance(self.headers, dict):  # any other mapping is read-only and case-insensitive
            object.__setattr__(self, "headers", CaseInsensitiveMapping(self.headers))


def network_of(address: str) -> str:
    """Return the network of an IPv6 address, which one holder has as a whole; else the address."""
    try:
        ip = ip_address(address)
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
            return str(ip_network((address, 64), strict=False))
    except ValueError:  # of a socket without addresses
        pass
    return address
