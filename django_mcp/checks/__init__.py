"""System checks: what is wrong, or risky, in how a project uses the package.

Each module registers its own when it is imported.
"""

from django_mcp.checks import (
    admin_sites,
    authentication,
    background,
    cross_origin,
    databases,
    deployment,
    discovery,
    django_tasks,
    docstrings,
    endpoint,
    exceptions,
    groups,
    hosts,
    installed_apps,
    oauth,
    pages,
    permissions,
    project_settings,
    tools,
    user_label,
)

__all__ = [
    "admin_sites",
    "authentication",
    "background",
    "cross_origin",
    "databases",
    "deployment",
    "discovery",
    "django_tasks",
    "docstrings",
    "endpoint",
    "exceptions",
    "groups",
    "hosts",
    "installed_apps",
    "oauth",
    "pages",
    "permissions",
    "project_settings",
    "tools",
    "user_label",
]
