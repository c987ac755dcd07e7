"""Tools that need neither user nor database."""

import os

from benchmarks.projects.functions import add, add_async, fillers, report_steadily
from django_mcp import ToolContext, tool

tool(read_only=True)(add)
tool(read_only=True)(add_async)
for name, function in fillers(int(os.environ.get("BENCHMARK_TOOLS", "0"))):
    tool(name=name, group="orders", read_only=True)(function)


@tool(read_only=True)
async def report(count: int, context: ToolContext) -> str:
    """Report progress ten times a second."""
    return await report_steadily(context.areport_progress, count)
