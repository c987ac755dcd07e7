"""`BENCHMARK_TOOLS` says how many tools the project has; without it, it has not got the app."""

import os

from benchmarks.projects.base import *  # noqa: F403
from benchmarks.projects.base import SCOPES
from benchmarks.requests import HOST

TOOLS = os.environ.get("BENCHMARK_TOOLS", "")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "rest_framework",
    *(["django_mcp", "benchmarks.projects.ours"] if TOOLS else []),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "benchmarks.projects.host.urls"
STATIC_URL = "static/"

OAUTH2_PROVIDER = {"SCOPES": SCOPES}
if TOOLS:
    from django_mcp.oauth_settings import provider_settings

    DJANGO_MCP_URL = f"http://{HOST}/mcp"
    DJANGO_MCP_ENABLE_NEW_GROUPS = True
    DJANGO_MCP_ALLOW_ANONYMOUS = True
    OAUTH2_PROVIDER |= provider_settings(DJANGO_MCP_URL)
