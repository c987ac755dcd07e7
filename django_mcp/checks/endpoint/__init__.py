"""System checks of the endpoint: its URL, its routes and CORS."""

from django_mcp.checks.endpoint import cors, routes

__all__ = ["cors", "routes"]
