"""Arguments that several commands take."""

import re
from argparse import ArgumentTypeError


def count(text: str) -> int:
    """Read how many, 0 included."""
    if not re.fullmatch(r"\d{1,9}", text):
        raise ArgumentTypeError(f"{text!r} is not a number")
    return int(text)
