"""Pages of another origin may use the endpoint."""

import os

from tests.hosts.base import *  # noqa: F403

DJANGO_MCP_ALLOWED_ORIGINS = [os.environ["HOST_ORIGIN"]]
