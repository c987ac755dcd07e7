"""Parsing and formatting of moments and durations, in the project's time zone if it has one."""

import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext


def read_moment(text: str) -> datetime.datetime:
    """Parse an ISO 8601 moment; one without an offset is local. Raises `ValueError`."""
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(f"{text!r} is not a moment")
    if settings.USE_TZ:
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return moment if timezone.is_naive(moment) else timezone.make_naive(moment)


def local_moment(moment: datetime.datetime) -> datetime.datetime:
    """Return the moment in the current time zone; a naive one as it is."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def moment_text(moment: datetime.datetime) -> str:
    """Return the local moment as `2026-01-31 12:00:00`."""
    return date_format(local_moment(moment), "Y-m-d H:i:s")


def duration_text(milliseconds: int) -> str:
    """Return a duration in milliseconds, or in seconds from one second on."""
    if milliseconds < 1000:
        return gettext("%(number)s ms") % {"number": number_format(milliseconds)}
    seconds = round(milliseconds / 1000, 1)  # number_format would cut
    return gettext("%(number)s s") % {"number": number_format(seconds, 1)}
