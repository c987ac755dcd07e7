"""The demo: a real MCP client tours the example, which a real server serves."""
