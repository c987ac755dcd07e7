"""The tools of these tests: what takes and returns any amount."""

from typing import Any

from django_mcp import prompt, tool
from django_mcp.primitives.declaration import collecting

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

    @prompt
    def explain(text: str) -> str:
        """Explain a text."""
        taken.append(text)
        return text
