"""Settings of the project: what differs from test to test comes from the environment."""

import os

import dj_database_url

SECRET_KEY = "only-for-tests"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.workers.project.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_mcp",
    "tests.workers.project",
]

DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

if "CACHE_URL" in os.environ:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["CACHE_URL"],
        }
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django_mcp": {"handlers": ["stderr"], "level": "INFO"}},
}

CELERY_BROKER_URL = os.environ["BROKER_URL"]
# Tests that share a broker keep to themselves.
CELERY_TASK_DEFAULT_QUEUE = os.environ["QUEUE"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1

DJANGO_MCP_URL = os.environ["SITE_URL"]
DJANGO_MCP_AUTHENTICATORS = ["tests.keys.KeyAuthenticator"]
DJANGO_MCP_ALLOW_ANONYMOUS = True
DJANGO_MCP_ENABLE_NEW_GROUPS = True
# However slow the machine is.
DJANGO_MCP_BUSY_AFTER = float(os.environ.get("BUSY_AFTER", "5"))
DJANGO_MCP_LEASE_TIME = float(os.environ.get("LEASE_TIME", "30"))
DJANGO_MCP_BACKGROUND_BACKEND = os.environ.get("BACKEND", "celery")
if DJANGO_MCP_BACKGROUND_BACKEND == "django_tasks":
    INSTALLED_APPS += ["django_tasks_db"]
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
DJANGO_MCP_BACKGROUND_STALE_AFTER = float(os.environ.get("STALE_AFTER", "3"))
DJANGO_MCP_BACKGROUND_TERMINATE = os.environ.get("TERMINATE") == "1"
DJANGO_MCP_BROKER_TIMEOUT = 2.0
