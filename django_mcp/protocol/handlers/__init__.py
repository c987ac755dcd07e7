"""Handlers of MCP methods."""
