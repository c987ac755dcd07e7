"""How moments and the words of clients are printed to a terminal."""

import datetime

from django.utils import timezone


def moment_text(moment: datetime.datetime) -> str:
    """A moment in the project's time zone, if it has one."""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M:%S}"


def printable(text: str) -> str:
    """Text of clients without what could command the terminal or break the line."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
