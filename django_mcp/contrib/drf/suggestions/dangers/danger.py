"""`Danger`: why an action is dangerous to expose."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Danger:
    """One reason against a tool.

    `sort` is a few words, `reason` the rest of the sentence for the reader of the suggestion. One
    that `withholds` keeps the action from being suggested until somebody has judged it.
    """

    sort: str
    reason: str
    withholds: bool
