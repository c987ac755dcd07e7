"""`Rate`: a number of calls in a window of time, such as `100/m`."""

import re
from dataclasses import dataclass

SYNTAX = re.compile(r"([0-9]{1,9})/([0-9]{0,6})([smhd])", re.ASCII)

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
UNIT_NAMES = {1: "second", 60: "minute", 3_600: "hour", 86_400: "day"}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` calls in each window of `seconds`; a limit of 0 refuses all."""

    limit: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Return the rate that a text such as `100/m` or `5/30s` spells.

        The units are `s`, `m`, `h` and `d`. Raises `ValueError` for the author of the text.
        """
        found = SYNTAX.fullmatch(text)
        if found is None or (found[2] and not int(found[2])):
            raise ValueError(
                f"{text!r} is no rate: write a number of calls and a time, such as 100/m or 5/30s, "
                "in s, m, h or d"
            )
        return cls(int(found[1]), int(found[2] or 1) * UNIT_SECONDS[found[3]])

    def __str__(self) -> str:
        """Return the rate as text, such as `100 per minute` or `5 per 30 seconds`."""
        return f"{self.limit} per {self._window}"

    def of(self, noun: str) -> str:
        """Return the rate of what a noun names, such as `100 calls per minute`."""
        return f"{self.limit} {noun}{'' if self.limit == 1 else 's'} per {self._window}"

    @property
    def _window(self) -> str:
        if self.seconds in UNIT_NAMES:
            return UNIT_NAMES[self.seconds]
        unit = max(each for each in UNIT_NAMES if self.seconds % each == 0)
        return f"{self.seconds // unit} {UNIT_NAMES[unit]}s"
