"""Converters of paths that Django has not."""

import datetime


class DayConverter:
    """A day in the path, such as `2026-05-04`."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> datetime.date:
        return datetime.date.fromisoformat(value)

    def to_url(self, value: datetime.date) -> str:
        return value.isoformat()
