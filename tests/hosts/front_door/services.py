"""Tools, a resource and a prompt that need more, or take their time."""

from datetime import UTC, datetime

from django.contrib.auth.base_user import AbstractBaseUser

from django_mcp import prompt, resource, tool
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


@resource("desk://hours", group="desk", scopes=["desk:read"])
def desk_hours() -> str:
    """When the desk is open."""
    return "Nine to five"


@prompt(group="desk", scopes=["desk:read"])
def plan_the_day() -> str:
    """Plan a day at the desk."""
    return "Plan my day from nine to five."


@tool(group="desk", scopes=["desk:read"], read_only=True, background=True, atomic=False)
def wait_for_note(author: AbstractBaseUser, text: str) -> str:
    """Wait until the current user has written this down."""
    until(Note.objects.filter(author=author, text=text).exists)
    return text
