"""Argument types (`type=` of argparse) that several commands share."""

import datetime
import re
from argparse import ArgumentTypeError

from django_mcp.db.text import storable_text
from django_mcp.exceptions import declared_outcomes
from django_mcp.models import CallRecord
from django_mcp.models.clients import MAX_CLIENT_ID_CHARACTERS

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MAX_AGE = datetime.timedelta(days=36_500)


def count(text: str) -> int:
    """Parse a number of rows, 0 included."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ArgumentTypeError(f"{text!r} is not a number")
    return int(text)


def age(text: str) -> datetime.timedelta:
    """Parse an age such as `30s`, `15m`, `12h`, `90d` or `8w`."""
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text, re.ASCII)
    found = datetime.timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None
    if found is None or found > MAX_AGE:
        raise ArgumentTypeError(f"{text!r} is not an age such as 15m, 12h or 90d")
    return found


def outcome(text: str) -> str:
    """Parse the outcome of a call, one of the model's or of an exception of the project."""
    known = dict.fromkeys([*CallRecord.Outcome.values, *declared_outcomes()])
    if text not in known:
        raise ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")
    return text


def client_id(text: str) -> str:
    """Parse a client id, and refuse one that no row can hold."""
    if not text or storable_text(text, MAX_CLIENT_ID_CHARACTERS) != text:
        raise ArgumentTypeError(
            f"a client id is a text of 1 to {MAX_CLIENT_ID_CHARACTERS} characters"
        )
    return text
