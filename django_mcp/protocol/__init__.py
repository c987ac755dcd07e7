"""MCP on the wire, through the SDK's low-level server."""
