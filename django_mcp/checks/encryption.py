"""Whether what is sent to a URL can be read on the way."""

from urllib.parse import urlsplit

EXAMPLE_URL = "https://shop.example/mcp"

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_in_the_clear(url: str) -> bool:
    """Whether it is not encrypted, and leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def encrypted(url: str) -> str:
    """The same URL by https."""
    return urlsplit(url)._replace(scheme="https").geturl()
