"""System checks of the endpoint: its URL, its routes, CORS, and what clients are told of it."""

from django_mcp.checks.endpoint import cors, routes, server_info

__all__ = ["cors", "routes", "server_info"]
