"""Primitives of MCP (tools, resources, prompts): what every kind shares, and their registry."""
