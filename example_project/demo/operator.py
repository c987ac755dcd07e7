"""Who looks after the site while the tours' clients use it."""

from collections.abc import Callable

Operator = Callable[..., str]
"""Runs a management command, given as its words, and returns what it printed."""
