"""System checks of authentication: OAuth, clients, and the login and consent pages."""

from django_mcp.checks.oauth import authentication, pages, provider

__all__ = ["authentication", "pages", "provider"]
