"""System checks: what is wrong, or risky, in how a project uses the package.

Each module registers its own when it is imported.
"""

from django_mcp.checks import endpoint, oauth, project, tools

__all__ = ["endpoint", "oauth", "project", "tools"]
