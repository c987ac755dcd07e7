"""Background tools that wait, report, fail and write, each in the sync and the async way."""

from django_mcp import ToolContext, tool
from django_mcp.tools.declaration import collecting
from tests.gate import Gate

SECRET = "the-password-is-1234"

gate = Gate()

with collecting() as TOOLS:

    @tool(background=True)
    def add(a: int, b: int = 0) -> int:
        """Add two numbers."""
        return a + b

    @tool(background=True)
    async def aadd(a: int, b: int = 0) -> int:
        """Add two numbers, on a loop."""
        return a + b

    @tool(background=True, read_only=True)
    def count(to: int, context: ToolContext) -> int:
        """Report every step, and wait at the gate before the last."""
        for step in range(1, to + 1):
            if step == to:
                gate.wait("count")
            context.report_progress(step, to, f"step {step}")
        return to

    @tool(background=True, read_only=True)
    async def acount(to: int, context: ToolContext) -> int:
        """Report every step, and wait at the gate before the last, on a loop."""
        for step in range(1, to + 1):
            if step == to:
                await gate.pause("acount")
            await context.areport_progress(step, to, f"step {step}")
        return to
