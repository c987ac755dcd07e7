"""A project with a view, and the same view as a tool; `BENCHMARK_RECORD` has its calls recorded."""

import os

from benchmarks.projects.base import *  # noqa: F403
from benchmarks.projects.base import SCOPES, SHARED_APPS
from benchmarks.requests import HOST
from django_mcp.oauth_settings import provider_settings

INSTALLED_APPS = [*SHARED_APPS, "rest_framework", "django_mcp", "benchmarks.projects.exposed"]
ROOT_URLCONF = "benchmarks.projects.exposed.urls"

DJANGO_MCP_URL = f"http://{HOST}/mcp"
DJANGO_MCP_ENABLE_NEW_GROUPS = True
DJANGO_MCP_AUTODISCOVER = ["mcp_tools"]
DJANGO_MCP_ALLOW_ANONYMOUS = False
DJANGO_MCP_RECORD = bool(os.environ.get("BENCHMARK_RECORD"))
OAUTH2_PROVIDER = {**provider_settings(DJANGO_MCP_URL), "SCOPES": SCOPES}
