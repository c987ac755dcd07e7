"""System checks of OAuth, the login page and the consent page."""

from django_mcp.checks.oauth import authentication, pages, provider

__all__ = ["authentication", "pages", "provider"]
