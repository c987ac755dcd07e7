"""Tools, resources and prompts with and without rates of their own."""

from django_mcp import prompt, resource, tool
from django_mcp.primitives.declaration import collecting

DESCRIPTION = "Say the same again."

with collecting() as RATED:

    @tool(read_only=True, rate="2/d")
    def rated(text: str = "") -> str:
        """Say the same again."""
        return text

    @tool(read_only=True, rate=["2/d", "100/d"])
    async def arated(text: str = "") -> str:
        """Say the same again."""
        return text

    @tool(read_only=True)
    def read(text: str = "") -> str:
        """Say the same again."""
        return text

    @tool(read_only=True)
    async def aread(text: str = "") -> str:
        """Say the same again."""
        return text

    @tool
    def write(text: str = "") -> str:
        """Say the same again."""
        return text

    @tool
    async def awrite(text: str = "") -> str:
        """Say the same again."""
        return text

    @tool(group="other", read_only=True)
    def other() -> str:
        """Belong to another group."""
        return ""

    @tool(group="closed", read_only=True)
    def hidden() -> str:
        """Belong to a group that is switched off."""
        return ""

    @tool(read_only=True, scopes=["shop:read"], rate="2/d")
    def scoped() -> str:
        """Need a scope."""
        return ""

    @tool(read_only=True, rate="2/d", background=True)
    def slow(text: str = "") -> str:
        """Say the same again, later."""
        return text

    @resource("rated://text", rate="2/d")
    def text() -> str:
        """Some text."""
        return "text"

    @resource("rated://pages/{number}", rate="2/d")
    def page(number: int) -> str:
        """A page."""
        return f"page {number}"

    @prompt(rate="2/d")
    def greeting(name: str = "") -> str:
        """Greet somebody."""
        return f"Hello {name}"
