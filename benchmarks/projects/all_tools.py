"""Settings with every app, to make the one database that the projects share.

Those of other packages are left out where they are not installed: some scenarios need none.
"""

from importlib.util import find_spec

from benchmarks.projects.base import *  # noqa: F403
from benchmarks.projects.base import SHARED_APPS

HAS_MCPZ = find_spec("django_mcpz") is not None

INSTALLED_APPS = [
    *SHARED_APPS,
    "django_mcp",
    "benchmarks.projects.journal",
    *(["django_mcpz.oauth"] if HAS_MCPZ else []),
]

DJANGO_MCP_URL = "http://bench.example/mcp"
DJANGO_MCP_AUTODISCOVER = ["services"]
DJANGO_MCP_ENABLE_NEW_GROUPS = True
