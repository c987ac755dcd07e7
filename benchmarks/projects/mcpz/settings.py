from benchmarks.projects.base import *  # noqa: F403
from benchmarks.projects.base import SHARED_APPS

INSTALLED_APPS = [*SHARED_APPS, "django_mcpz.oauth", "benchmarks.projects.journal"]
ROOT_URLCONF = "benchmarks.projects.mcpz.urls"
