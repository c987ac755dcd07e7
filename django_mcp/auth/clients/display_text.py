"""Display of names and hosts from clients, without invisible or deceptive characters."""

import re
import unicodedata

from django_mcp.escapes import BLANK

MAX_SHOWN_CHARACTERS = 80
# Controls, marks that turn the direction of text, private characters, and separators of lines.
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
HOST = re.compile(r"[a-z0-9.-]+", re.ASCII)


def shown_name(text: str, *, longest: int = MAX_SHOWN_CHARACTERS) -> str:
    """Return a name in one line of at most `longest` characters, without invisible ones.

    It is empty where nothing is left but marks on no letter. Of the marks on one letter the first
    two stay: piles of them cover the lines around.
    """
    visible: list[str] = []
    marks = 0
    for character in text[: 4 * longest]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= 2:
            visible.append(" " if category in UNSEEN or character in BLANK else character)
    name = " ".join("".join(visible).split())
    if all(unicodedata.category(character)[0] in "MZ" for character in name):
        return ""
    is_whole = len(name) <= longest and len(text) <= 4 * longest
    return name if is_whole else f"{name[: longest - 1].rstrip()}…"


def shown_host(host: str) -> str:
    """Return a host name in ASCII, with `xn--` in place of other scripts, which may look alike.

    What is no host name at all is spelled out with escapes.
    """
    try:
        encoded = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        encoded = ""
    if HOST.fullmatch(encoded):
        return encoded
    return shown_name(host.encode("unicode_escape").decode("ascii"))


def has_other_letters(host: str) -> bool:
    """Return whether a shown host name contains encoded letters that may look like others."""
    return any(label.startswith("xn--") for label in host.split("."))
