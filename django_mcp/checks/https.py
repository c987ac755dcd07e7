"""Encryption of URLs: the schemes `http` and `https`."""

from urllib.parse import urlsplit

EXAMPLE_URL = "https://shop.example/mcp"

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_unencrypted(url: str) -> bool:
    """Return whether requests to the URL leave this machine unencrypted."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def https_url(url: str) -> str:
    """Return the same URL with the scheme `https`."""
    return urlsplit(url)._replace(scheme="https").geturl()
