"""What of clients' words may be printed to a terminal."""


def printable(text: str) -> str:
    """Text of clients without what could command the terminal or break the line."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
