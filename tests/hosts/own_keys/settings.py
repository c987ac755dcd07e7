"""Credentials of the host's own; django-oauth-toolkit is not needed."""

from tests.hosts import base
from tests.hosts.base import *  # noqa: F403

INSTALLED_APPS = [app for app in base.INSTALLED_APPS if app != "oauth2_provider"]
DJANGO_MCP_AUTHENTICATORS = ["tests.keys.KeyAuthenticator"]
