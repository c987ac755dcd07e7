"""Arguments that several commands take."""

import datetime
import re
from argparse import ArgumentTypeError

from django_mcp.db.text import storable_text
from django_mcp.exceptions import declared_outcomes
from django_mcp.models import CallRecord
from django_mcp.models.clients import MAX_CLIENT_ID

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST = datetime.timedelta(days=36_500)


def count(text: str) -> int:
    """Read how many, 0 included."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ArgumentTypeError(f"{text!r} is not a number")
    return int(text)


def age(text: str) -> datetime.timedelta:
    """Read `30s`, `15m`, `12h`, `90d` or `8w`."""
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text, re.ASCII)
    found = datetime.timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None
    if found is None or found > LONGEST:
        raise ArgumentTypeError(f"{text!r} is not an age such as 15m, 12h or 90d")
    return found


def outcome(text: str) -> str:
    """Read how a call ended: an outcome of the model, or of an exception of the project's."""
    known = dict.fromkeys([*CallRecord.Outcome.values, *declared_outcomes()])
    if text not in known:
        raise ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")
    return text


def client_id(text: str) -> str:
    """Read the id of an application, as one may be stored: not what a shell makes of raw bytes."""
    if not text or storable_text(text, MAX_CLIENT_ID) != text:
        raise ArgumentTypeError(f"a client id is a text of 1 to {MAX_CLIENT_ID} characters")
    return text
