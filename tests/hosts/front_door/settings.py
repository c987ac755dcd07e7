"""A host with an API of its own, whose assistants nobody has set up."""

import os

from django_mcp.oauth_settings import provider_settings
from tests.hosts import base
from tests.hosts.base import *  # noqa: F403

INSTALLED_APPS = [*base.INSTALLED_APPS, "tests.hosts.front_door"]
ROOT_URLCONF = "tests.hosts.front_door.urls"
LOGIN_URL = "admin:login"

# What comes while one runs has to wait.
DJANGO_MCP_BACKGROUND_THREADS = 1
# Every test brings new ones, all from one address.
DJANGO_MCP_REGISTRATION_RATE = "1000/h"
DJANGO_MCP_CLIENT_DOCUMENT_RATE = "1000/h"
DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = os.environ.get("HOST_APPROVES_CLIENTS") == "1"

OAUTH2_PROVIDER = {
    **provider_settings(base.DJANGO_MCP_URL),
    "CIMD_METADATA_FETCHER": "tests.hosts.front_door.documents.PrintedDocuments",
    "SCOPES": {
        "bookings:read": "See your bookings in our apps",
        "calendar:read": "See when you are at your desk",
        "calendar:write": "Plan your days",
        "desk:read": "Read your notes",
        "desk:write": "Write notes for you",
    },
}
