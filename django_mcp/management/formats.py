"""Formatting of datetimes and numbers for a terminal."""

import datetime

from django.utils import timezone


def moment_text(moment: datetime.datetime) -> str:
    """Return a datetime as text, in the project's time zone if it is aware."""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M:%S}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
