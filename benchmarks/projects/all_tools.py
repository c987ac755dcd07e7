"""Settings with every app, to make the one database that the projects share."""

from benchmarks.projects.base import *  # noqa: F403
from benchmarks.projects.base import SHARED_APPS

INSTALLED_APPS = [
    *SHARED_APPS,
    "django_mcp",
    "django_mcpz.oauth",
    "benchmarks.projects.journal",
]

DJANGO_MCP_URL = "http://bench.example/mcp"
DJANGO_MCP_AUTODISCOVER = ["services"]
DJANGO_MCP_ENABLE_NEW_GROUPS = True
