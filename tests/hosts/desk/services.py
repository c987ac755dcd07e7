"""The tools that every host has."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser

from django_mcp import tool
from tests.hosts.desk.models import Note


@tool(group="desk", scopes=["desk:write"], fields=["text", "due", "author"])
def add_note(author: AbstractBaseUser, text: str, due: datetime) -> Note:
    """Write something down for the current user."""
    note = Note.objects.create(author=author, text=text, due=due)
    # As the database returns it.
    return Note.objects.get(pk=note.pk)


@tool(group="desk", scopes=["desk:read"], read_only=True)
async def count_notes(author: AbstractBaseUser) -> int:
    """Count the notes of the current user."""
    return await Note.objects.filter(author=author).acount()
