"""The host shares its domain with others, and has one folder of it."""

import os

from tests.hosts.base import *  # noqa: F403

# None: the server says it, as the root path of each request.
FORCE_SCRIPT_NAME = os.environ.get("HOST_SCRIPT_NAME")
