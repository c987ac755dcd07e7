"""A project with django_mcp; `BENCHMARK_TOOLS` says how many tools it has.

`BENCHMARK_RAILS` names guard rails, which are switched on, with limits that no call reaches.
"""

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
RAILS = os.environ.get("BENCHMARK_RAILS", "").split()
if RAILS:
    DJANGO_MCP_AUTODISCOVER += ["guarded_tools"]
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["BENCHMARK_CACHE"],
            "KEY_PREFIX": os.environ["BENCHMARK_CACHE_PREFIX"],
        }
    }
if "rates" in RAILS:
    DJANGO_MCP_RATES = {"user:read": "1000000/m", "tool": "1000000/m", "all": "10000000/d"}
if "concurrency" in RAILS:
    DJANGO_MCP_MAX_CALLS_PER_USER = 1000
    DJANGO_MCP_MAX_CALLS_PER_CLIENT = 1000
    DJANGO_MCP_MAX_CALLS_PER_TOOL = 1000
if "budgets" in RAILS:
    DJANGO_MCP_EXPORT_ROWS_PER_HOUR = 10**12
    DJANGO_MCP_EXPORT_ROWS_PER_DAY = 10**12
    DJANGO_MCP_EXPORT_BYTES_PER_HOUR = 10**15
    DJANGO_MCP_EXPORT_BYTES_PER_DAY = 10**15
if "statement-timeouts" in RAILS:
    DJANGO_MCP_STATEMENT_TIMEOUT = True
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
