"""The same tools on `MCPServer`; with `BENCHMARK_JSON` it answers by JSON alone."""

import os
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from benchmarks.projects.functions import add, add_async, fillers, report_steadily
from benchmarks.requests import HOST

# Its own log line for every request would cost it more than it costs us to write none.
server = MCPServer("benchmarks", log_level="WARNING")
server.add_tool(add)
server.add_tool(add_async)
for name, function in fillers(int(os.environ.get("BENCHMARK_TOOLS", "0"))):
    server.add_tool(function, name=name)


@server.tool()
async def report(count: int, context: Context[Any]) -> str:
    """Report progress ten times a second."""
    return await report_steadily(context.report_progress, count)


application = server.streamable_http_app(
    stateless_http=True,
    json_response=bool(os.environ.get("BENCHMARK_JSON")),
    transport_security=TransportSecuritySettings(allowed_hosts=[HOST]),
)
