"""System checks of the endpoint: its URL and its routes."""

from django_mcp.checks.endpoint import cors, routes

__all__ = ["cors", "routes"]
