"""Addresses that metadata documents are fetched from."""

import pytest

from django_mcp.auth.clients.addresses import is_literal, is_public


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "2606:4700:4700::1111",
        "2a00:1450:4001:80b::200e",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
        "2001:4860::5efe:8.8.8.8",
    ],
)
def test_hosts_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        # IPv4
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        # IPv6 that is not global unicast
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "100::1",
        "2001:db8::1",
        "5f00::1",
        "3fff::1",
        "192.88.99.1",
        "2001:4860::5efe:10.0.0.1",
        "2001:4860::200:5efe:192.168.0.1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        # IPv6 that embeds what is not public
        "::ffff:127.0.0.1",
        "::ffff:224.0.0.1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1::f7f7:f7f7",
        "2001:0:808:808::80ff:fffe",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:1::127.0.0.1",
        # None at all
        "",
        "desk.example",
    ],
)
def test_all_others_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "93.184.216.34.", "::1", "0", "127.1", "0x7f.1", "0X7F000001", "017"]
)
def test_address_is_no_name(host: str) -> None:
    assert is_literal(host)


@pytest.mark.parametrize("host", ["desk.example", "desk.example.", "1.desk.example", "x0x", "a.0a"])
def test_name_is_no_address(host: str) -> None:
    assert not is_literal(host)
