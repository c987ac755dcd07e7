"""System checks of a project that uses the package; importing a module registers its checks."""

from django_mcp.checks import endpoint, oauth, project, tools

__all__ = ["endpoint", "oauth", "project", "tools"]
