"""Escapes for text of clients and agents: invisible characters are spelled out."""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters, marks and symbols that show nothing, whatever Unicode's categories say of them."""

# Controls but for tabs and line breaks, and marks that turn the direction of the text after them:
# shown as they are, they could make one value read like another, or command a terminal. In JSON
# these escapes are the characters that they stand for.
_HIDDEN = {
    code: f"\\u{code:04x}"
    for code in (
        *(code for code in range(0x20) if chr(code) not in "\t\n\r"),
        *range(0x7F, 0xA0),
        *map(ord, "\u00ad\u200b\u2060\ufeff"),
        *map(ord, BLANK),
        *map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    )
}


def printable(text: str) -> str:
    """Return the text in one line, with an escape for every character that is not printable."""
    return "".join(
        character
        if character.isprintable() and character not in BLANK
        else character.encode("unicode_escape").decode()
        for character in text
    )


def printable_lines(text: str) -> str:
    """Return text of any length: tabs, line breaks and joiners inside words stay as they are."""
    return text.translate(_HIDDEN)
