"""Options of the columns of rates that operators set, such as `100/m`."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from django_mcp.rate import Rate


def validate_rate(text: str) -> None:
    """Raise `ValidationError` for a text that is no rate."""
    try:
        Rate.parse(text)
    except ValueError:
        raise ValidationError(
            _("Write a number of calls and a time, such as 100/m or 5/30s, in s, m, h or d."),
            code="invalid_rate",
        ) from None


RATE_OPTIONS: dict[str, Any] = {
    "max_length": 20,
    "blank": True,
    "default": "",
    "db_default": "",  # for processes of an earlier version, while a new one is rolled out
    "validators": [validate_rate],
}
"""Options of a text column that holds a rate, or nothing."""
