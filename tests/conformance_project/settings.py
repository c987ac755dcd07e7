"""Settings of the conformance project: as little as an MCP endpoint needs."""

import os

import dj_database_url

from django_mcp.oauth_settings import provider_settings
from tests.conformance_project.options import Options

OPTIONS = Options.from_environment()

SECRET_KEY = "for-conformance-runs-only"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "tests.conformance_project.urls"
ASGI_APPLICATION = "tests.conformance_project.asgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "oauth2_provider",
    "django_mcp",
    "tests.conformance_project",
]

DATABASES = {"default": dj_database_url.parse(OPTIONS.database_url)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}

DJANGO_MCP_URL = OPTIONS.url
DJANGO_MCP_AUTODISCOVER = [
    "declarations.suite_tools",
    "declarations.suite_tasks",
    "declarations.suite_forms",
    "declarations.suite_resources",
    "declarations.suite_prompts",
    "declarations.documents",
    "declarations.e2e_tools",
]
DJANGO_MCP_ALLOW_ANONYMOUS = not OPTIONS.auth
DJANGO_MCP_ENABLE_NEW_GROUPS = True
DJANGO_MCP_RECORD = OPTIONS.record
DJANGO_MCP_LIST_PAGE_SIZE = int(os.environ.get("LIST_PAGE_SIZE", "1000"))
# Of WSGI servers; the others always send streams.
DJANGO_MCP_WSGI_STREAMS = os.environ.get("WSGI_STREAMS") == "1"

SCOPES = {
    "fixture:use": "Use the fixtures",
    "fixture:break": "Use the fixtures that fail on purpose",
}
OAUTH2_PROVIDER = {**provider_settings(DJANGO_MCP_URL), "SCOPES": SCOPES}
