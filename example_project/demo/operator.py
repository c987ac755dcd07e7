"""Operator of the site during the tours."""

from collections.abc import Callable

Operator = Callable[..., str]
"""Runs a management command, given as its words, and returns what it printed."""
