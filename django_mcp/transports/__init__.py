"""Transports of MCP: HTTP in front of Django, and a Django view."""
