"""Tools that need more, or take their time."""

from datetime import UTC, datetime

from django.contrib.auth.base_user import AbstractBaseUser

from django_mcp import tool
from tests.hosts.desk.models import Note
from tests.polls import until


@tool(group="calendar", scopes=["calendar:read"], read_only=True)
def next_free_day() -> str:
    """Say when somebody is at the desk."""
    return "Friday"


@tool(group="desk", scopes=["desk:write", "calendar:write"])
def file_note(author: AbstractBaseUser, text: str) -> str:
    """Write something down for the next free day of the current user."""
    Note.objects.create(author=author, text=text, due=datetime.now(UTC))
    return next_free_day()


@tool(group="desk", scopes=["desk:read"], read_only=True, background=True, atomic=False)
def wait_for_note(author: AbstractBaseUser, text: str) -> str:
    """Wait until the current user has written this down."""
    until(Note.objects.filter(author=author, text=text).exists)
    return text
