"""The settings that all the Django projects share."""

import os

import dj_database_url

from benchmarks.requests import HOST

SECRET_KEY = "only-for-benchmarks"
DEBUG = False
ALLOWED_HOSTS = [HOST]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "benchmarks.projects.urls"
# Requests to the endpoint of django_mcp pass no middleware, so the others are spared it too.
MIDDLEWARE: list[str] = []

SHARED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "oauth2_provider",
    "example_project.expenses",
]

SCOPES = {
    "expense:read": "See expenses",
    "expense:write": "Change expenses",
    "report:read": "Build reports",
}
OAUTH2_PROVIDER = {"SCOPES": SCOPES}

DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
if os.environ.get("BENCHMARK_POOL"):
    # Where each request has a thread of its own, connections outlive requests in a pool alone.
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 4, "max_size": 16}}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = None
