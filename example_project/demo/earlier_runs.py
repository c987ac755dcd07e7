"""The data that earlier runs of the demo left, and this one goes on with."""

import os
import shlex
from pathlib import Path

from django.apps import apps
from django.conf import settings

KEPT = (
    ("auth.User", "user", "users"),
    ("expenses.Expense", "expense", "expenses"),
    ("oauth2_provider.Application", "registered client", "registered clients"),
    ("django_mcp.CallRecord", "call on record", "calls on record"),
)


def describe() -> str:
    """A sentence with the numbers of what was kept; empty in the first run."""
    counts = {model: apps.get_model(model).objects.count() for model, _, _ in KEPT}
    if not counts["auth.User"]:
        return ""
    *first, last = (
        f"{counts[model]:,} {one if counts[model] == 1 else many}" for model, one, many in KEPT
    )
    place = "the database" if os.environ.get("DATABASE_URL") else _folder()
    sentence = f"Kept from earlier runs in {place}: {', '.join(first)} and {last}."
    return f"{sentence} {how_to_start_afresh()}".rstrip()


def how_to_start_afresh() -> str:
    """A sentence with the command; empty where the database is not the demo's own."""
    if os.environ.get("DATABASE_URL"):
        return ""
    return f"`rm -r {shlex.quote(str(_folder()))}` starts afresh."


def _folder() -> Path:
    # mypy knows the settings of the tests alone.
    folder: Path = settings.STATE_DIR  # type: ignore[misc]
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
