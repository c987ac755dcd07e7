"""Moments and numbers as text for a terminal."""

import datetime

from django.utils import timezone


def moment_text(moment: datetime.datetime) -> str:
    """A moment in the project's time zone, if it has one."""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M:%S}"


def counted(number: int, noun: str) -> str:
    """A number with its noun, which takes an `s` unless there is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
