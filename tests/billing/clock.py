"""The clock of the API, which stands still: both answers to a request are given at one moment."""

import datetime

NOW = datetime.datetime(2026, 5, 4, 9, 30, 15, 250_000, tzinfo=datetime.UTC)


def now() -> datetime.datetime:
    """The moment of every request."""
    return NOW


def today() -> datetime.date:
    """The day of every request."""
    return NOW.date()
