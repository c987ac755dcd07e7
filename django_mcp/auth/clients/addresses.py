"""Predicates of IP addresses: public, and literal in a URL."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# What is assigned as global unicast (RFC 4291, section 2.4, and IANA's registry). All the rest is
# of local use, deprecated, multicast, or assigned for what is no host: `is_global` takes it.
GLOBAL_UNICAST = ip_network("2000::/3")
NO_HOSTS = (
    ip_network("3fff::/20"),  # for documentation (RFC 9637)
    ip_network("192.88.99.0/24"),  # once relays of 6to4, by anycast (RFC 7526)
)
NAT64 = ip_network("64:ff9b::/96")  # RFC 6052; its local sibling 64:ff9b:1::/48 is not public


def is_public(address: str) -> bool:
    """Return whether an address is global unicast, and so is every IPv4 address that it embeds."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return _is_host(ip)
    if embedded := _embedded(ip):
        return all(map(_is_host, embedded))
    return ip in GLOBAL_UNICAST and _is_host(ip)


def is_literal(host: str) -> bool:
    """Return whether a host of a URL is an address, in any of the spellings that resolvers take.

    As the URL standard has it: a host whose last label is a number is an IPv4 address.
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    return ":" in host or last.isdecimal() or last.startswith("0x")


def _is_host(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not ip.is_multicast and not any(ip in each for each in NO_HOSTS)


def _embedded(ip: IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses to which packets for this one are forwarded."""
    if ip.teredo is not None:
        return ip.teredo
    # By ISATAP (RFC 5214, section 6.1), with the bit for universal addresses or without.
    if ip in NAT64 or int(ip) >> 32 & 0xFDFFFFFF == 0x00005EFE:
        return (IPv4Address(int(ip) & 0xFFFFFFFF),)
    embedded = ip.ipv4_mapped or ip.sixtofour
    return () if embedded is None else (embedded,)
