"""A user model of the host's own, whose keys are UUIDs."""

from tests.hosts import base
from tests.hosts.base import *  # noqa: F403

INSTALLED_APPS = [*base.INSTALLED_APPS, "tests.hosts.uuid_users"]
AUTH_USER_MODEL = "uuid_users.Member"
