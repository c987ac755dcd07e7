"""System checks of the declared tools, resources and prompts."""

from django_mcp.checks.tools import (
    discovery,
    docstrings,
    exceptions,
    groups,
    host_limits,
    installed_apps,
    permissions,
    prompts,
    registry,
)

__all__ = [
    "discovery",
    "docstrings",
    "exceptions",
    "groups",
    "host_limits",
    "installed_apps",
    "permissions",
    "prompts",
    "registry",
]
