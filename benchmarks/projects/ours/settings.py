"""A project with django_mcp; `BENCHMARK_TOOLS` says how many tools it has."""

import os

from benchmarks.projects.base import *  # noqa: F403
from benchmarks.projects.base import SCOPES, SHARED_APPS
from benchmarks.requests import HOST
from django_mcp.oauth_settings import provider_settings

INSTALLED_APPS = [*SHARED_APPS, "django_mcp", "benchmarks.projects.ours"]

DJANGO_MCP_URL = f"http://{HOST}/mcp"
DJANGO_MCP_ENABLE_NEW_GROUPS = True
# The whole job has the tools of the example project, and others only to be many.
IS_WHOLE_JOB = os.environ.get("BENCHMARK_JOB") == "whole"
DJANGO_MCP_AUTODISCOVER = ["mcp_tools"]
if IS_WHOLE_JOB:
    DJANGO_MCP_AUTODISCOVER += ["services"]
# Only the scenarios about the background have its tool.
DJANGO_MCP_BACKGROUND_BACKEND = os.environ.get("BENCHMARK_BACKGROUND", "")
if DJANGO_MCP_BACKGROUND_BACKEND:
    DJANGO_MCP_AUTODISCOVER += ["background_tools"]
# One caller makes all the load.
DJANGO_MCP_MAX_TASKS_PER_CALLER = 1_000_000
DJANGO_MCP_CELERY_APP = "benchmarks.projects.ours.celery.app"
CELERY_BROKER_URL = os.environ.get("BENCHMARK_BROKER", "")
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("BENCHMARK_QUEUE", "")
DJANGO_MCP_ALLOW_ANONYMOUS = not IS_WHOLE_JOB
DJANGO_MCP_RECORD = IS_WHOLE_JOB
OAUTH2_PROVIDER = {**provider_settings(DJANGO_MCP_URL), "SCOPES": SCOPES}
