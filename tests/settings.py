"""Settings of the tests: SQLite unless `DATABASE_URL` names another database."""

import os
import tempfile
import zlib
from importlib.util import find_spec
from pathlib import Path

import dj_database_url

from django_mcp.oauth_settings import provider_settings

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
ROOT_URLCONF = "tests.urls"

# One environment runs the tests without django-oauth-toolkit.
HAS_OAUTH = find_spec("oauth2_provider") is not None

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *(["oauth2_provider"] if HAS_OAUTH else []),
    "django_mcp",
    "tests.shop",
    "tests.billing",
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
            ],
        },
    },
]

DATABASES = {
    "default": dj_database_url.parse(os.environ.get("DATABASE_URL") or "sqlite://:memory:")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, because tools run in threads of their own and connections to one database in memory
    # lock each other out. A new one per process: the log of a killed run would be replayed.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"django_mcp-{os.getpid()}.sqlite3"),
    }
else:
    DATABASES["default"]["NAME"] = DATABASES["default"]["NAME"] or "postgres"
    # Two checkouts, and two legs of one, may be tested at once; what was killed finds its own
    # database again.
    whose = f"{BASE_DIR} {os.environ.get('TEST_LEG', '')}"
    DATABASES["default"]["TEST"] = {
        "NAME": f"test_django_mcp_{zlib.crc32(whose.encode()):08x}",
    }
if DATABASES["default"]["ENGINE"] == "django.db.backends.mysql":
    # Where the usual collation takes ids for one that differ in upper and lower case.
    DATABASES["default"]["TEST"] |= {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Thousands of rounds prove nothing here, and every test that signs in would pay for them.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
# Every test that keeps files names a folder of its own.
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"allow_overwrite": True},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "expenses:list"
LOGOUT_REDIRECT_URL = "login"

DJANGO_MCP_URL = os.environ.get("DJANGO_MCP_URL", "http://testserver/mcp")
DJANGO_MCP_ENABLE_NEW_GROUPS = True
# However slow the machine is: tests of busy servers say how long they wait.
DJANGO_MCP_BUSY_AFTER = 60.0
if not HAS_OAUTH:
    DJANGO_MCP_AUTHENTICATORS: list[str] = []

OAUTH2_PROVIDER = {
    **provider_settings(DJANGO_MCP_URL),
    "SCOPES": {
        "expense:read": "See your expenses, budgets and summaries",
        "expense:write": "Add, import and delete your expenses, and set budgets",
        "report:read": "Build reports of your expenses",
        "deploy:read": "See services, their releases and how they fare",
        "deploy:write": "Roll services back to earlier versions",
        "shop:read": "See products and orders",
        "shop:write": "Change products and orders",
    },
}
