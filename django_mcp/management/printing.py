"""Moments as text for a terminal."""

import datetime

from django.utils import timezone


def moment_text(moment: datetime.datetime) -> str:
    """A moment in the project's time zone, if it has one."""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M:%S}"
