"""Settings of the example. The environment overrides what a deployment would change."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from django_mcp.oauth_settings import provider_settings

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(os.environ.get("DEMO_DIR", BASE_DIR / ".demo"))

DEBUG = os.environ.get("DEBUG", "true").lower() in {"1", "true", "yes", "on"}
# Set by `python -m example_project.demo`, whose sign-in page shows its accounts.
IS_DEMO = DEBUG and os.environ.get("IS_DEMO") == "1"
# The default is public, so it only serves development: without DEBUG the environment must name one.
SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-development" if DEBUG else "")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "").split()

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "django_mcp",
    "example_project.expenses",
    "example_project.deployments",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "example_project.urls"
ASGI_APPLICATION = "example_project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "example_project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "example_project.demo.accounts.demo_accounts",
            ],
        },
    },
]

DATABASE_URL = os.environ.get("DATABASE_URL", "")
if not DATABASE_URL:
    STATE_DIR.mkdir(parents=True, exist_ok=True)
    DATABASE_URL = f"sqlite:///{STATE_DIR / 'db.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that first reads and then writes cannot wait for the lock half-way: it
        # takes it at the start. With WAL, readers and the one writer do not block each other.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What counts calls, breaks circuits and keeps results: server and worker must share it. Redis does
# that exactly, and the timeouts keep calls from waiting for one that is away. With no server to
# install it is files, which will do for development: calls at the same time may count as one.
REDIS_URL = os.environ.get("REDIS_URL", "")
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": STATE_DIR / "cache",
            # It forgets what is older or beyond them, counts of a day's limits included.
            "TIMEOUT": 24 * 3600,
            "OPTIONS": {"MAX_ENTRIES": 2_000},
        }
    )
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "expenses:list"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = STATE_DIR / "static"
# Annual reports; no URL leads here. A report that is built again replaces the older one.
MEDIA_ROOT = STATE_DIR / "media"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"allow_overwrite": True},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

DJANGO_MCP_URL = os.environ.get("DJANGO_MCP_URL", "http://127.0.0.1:8000/mcp")
DJANGO_MCP_SERVER_NAME = "Back office"
DJANGO_MCP_SERVER_VERSION = "1.0"
DJANGO_MCP_INSTRUCTIONS = (
    "Keeps the user's expenses and monthly budgets, in euros, and the services that the company "
    "deploys. Names of categories come from list_categories, those of services from "
    "list_services. Ask the user before deleting anything, exceeding a budget or rolling back a "
    "service."
)
# Every expense is a resource, so that lists are long here.
DJANGO_MCP_LIST_PAGE_SIZE = 100
# Without a worker, the threads of the server run the tools that take long.
DJANGO_MCP_BACKGROUND_BACKEND = os.environ.get("DJANGO_MCP_BACKGROUND_BACKEND", "threads")
# Most projects import their app in the package's `__init__.py`, and need not name it here.
DJANGO_MCP_CELERY_APP = "example_project.celery.app"
# A new group of tools is open at once here; a production site leaves this to its operators.
DJANGO_MCP_ENABLE_NEW_GROUPS = True
# More than any agent needs, and less than one in a loop makes. Tools have rates of their own where
# they need them, and operators set others for groups and applications in the admin.
DJANGO_MCP_RATES = {"user:read": "300/m", "user:write": "60/m"}
# For load tests, which call a thousand times as one user.
RATELIMIT_ENABLE = os.environ.get("RATELIMIT_ENABLE", "true").lower() in {"1", "true", "yes", "on"}
# Some years of one person's expenses: nobody's assistant has to take out more in a day.
DJANGO_MCP_EXPORT_ROWS_PER_DAY = 20_000
# The largest arguments are the twelve bank statements of a year.
DJANGO_MCP_MAX_ARGUMENT_BYTES = 3 * 1024 * 1024

CELERY_BROKER_URL = REDIS_URL or "filesystem://"
# Sites that share a Redis must not take each other's work.
CELERY_TASK_DEFAULT_QUEUE = f"back-office-{urlsplit(DJANGO_MCP_URL).netloc.replace(':', '-')}"
# A short tool is not fetched to wait behind a long one.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
if not REDIS_URL:
    # With no server to install, messages are files, for the processes of one machine.
    BROKER_DIR = STATE_DIR / "broker"
    # Messages that were read end here; they would pass through the system's /tmp otherwise.
    PROCESSED_DIR = BROKER_DIR / "processed"
    PROCESSED_DIR.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": BROKER_DIR,
        "data_folder_out": BROKER_DIR,
        "control_folder": BROKER_DIR / "control",
        "store_processed": True,
        "processed_folder": PROCESSED_DIR,
        "polling_interval": 0.2,
    }

# Seconds to wait for the deployment platform, which is simulated and may be told to be slow.
DEPLOYMENTS_TIMEOUT = float(os.environ.get("DEPLOYMENTS_TIMEOUT", "2"))

OAUTH2_PROVIDER = {
    **provider_settings(DJANGO_MCP_URL),
    "SCOPES": {
        "expense:read": "See your expenses, budgets and summaries",
        "expense:write": "Add, import and delete your expenses, and set budgets",
        "report:read": "Build reports of your expenses",
        "deploy:read": "See services, their releases and how they fare",
        "deploy:write": "Roll services back to earlier versions",
    },
}
