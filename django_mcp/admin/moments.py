"""Moments as people write and read them, in the current time zone if the project has them."""

import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime


def read_moment(text: str) -> datetime.datetime:
    """Read an ISO 8601 moment; one without an offset is local. Raises `ValueError`."""
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(f"{text!r} is not a moment")
    if settings.USE_TZ:
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return moment if timezone.is_naive(moment) else timezone.make_naive(moment)


def local_moment(moment: datetime.datetime) -> datetime.datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment
