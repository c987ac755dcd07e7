"""The tools of these tests: what takes and returns any amount."""

from typing import Any

from django.contrib.auth.models import Group, User
from pydantic import BaseModel

from django_mcp import prompt, tool
from django_mcp.primitives.declaration import collecting


class Line(BaseModel):
    number: int
    owner: str


taken: list[Any] = []
"""What the tools were given."""

with collecting() as TOOLS:

    @tool(read_only=True)
    def take(value: Any, more: str = "") -> str:
        """Take a value."""
        taken.append(value)
        return "taken"

    @tool(read_only=True)
    async def atake(value: Any, more: str = "") -> str:
        """Take a value, without a thread."""
        taken.append(value)
        return "taken"

    @tool(read_only=True, background=True)
    def take_slowly(value: Any, more: str = "") -> str:
        """Take a value, in a worker."""
        taken.append(value)
        return "taken"

    @tool(read_only=True, overflow="truncate")
    def truncate(number: int) -> list[int]:
        """Return so many numbers, or the first of them."""
        return list(range(number))

    @tool(read_only=True, overflow="truncate")
    async def atruncate(number: int) -> list[int]:
        """Return so many numbers, or the first of them, without a thread."""
        return list(range(number))

    @tool(read_only=True, overflow="truncate", background=True)
    def truncate_slowly(number: int) -> list[int]:
        """Return so many numbers, or the first of them, from a worker."""
        return list(range(number))

    @tool(group="reports", scopes=["reports:read"], read_only=True, overflow="link")
    def link(user: User, number: int) -> list[Line]:
        """Return so many lines, or links to them."""
        return [Line(number=each, owner=user.get_username()) for each in range(number)]

    @tool(group="reports", scopes=["reports:read"], read_only=True, overflow="link")
    async def alink(user: User, number: int) -> list[Line]:
        """Return so many lines, or links to them, without a thread."""
        return [Line(number=each, owner=user.get_username()) for each in range(number)]

    @tool(
        group="reports", scopes=["reports:read"], read_only=True, overflow="link", background=True
    )
    def link_slowly(user: User, number: int) -> list[Line]:
        """Return so many lines, or links to them, from a worker."""
        return [Line(number=each, owner=user.get_username()) for each in range(number)]

    @tool(overflow="link")
    def write(number: int) -> list[str]:
        """Add a group, and return so many texts, or links to them."""
        Group.objects.create(name="written")
        return ["x"] * number

    @prompt
    def explain(text: str) -> str:
        """Explain a text."""
        taken.append(text)
        return text
