"""An application model of the host's own instead of django-oauth-toolkit's."""

from tests.hosts import base
from tests.hosts.base import *  # noqa: F403

INSTALLED_APPS = [*base.INSTALLED_APPS, "tests.hosts.swapped_application"]
OAUTH2_PROVIDER_APPLICATION_MODEL = "swapped_application.Program"
