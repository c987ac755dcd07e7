"""A prompt and a tool of the code, beside those of operators."""

from django_mcp import prompt, tool
from django_mcp.primitives.declaration import collecting

with collecting() as DECLARED:

    @prompt(group="shop")
    def welcome(name: str) -> str:
        """Welcome somebody.

        Args:
            name: Who comes.
        """
        return f"Welcome {name}, by the code."

    @tool(group="shop", read_only=True)
    def count_visitors() -> int:
        """Count the visitors."""
        return 0
