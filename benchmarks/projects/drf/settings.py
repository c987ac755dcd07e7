from benchmarks.projects.base import *  # noqa: F403
from benchmarks.projects.base import SHARED_APPS

INSTALLED_APPS = [*SHARED_APPS, "rest_framework", "benchmarks.projects.journal"]
ROOT_URLCONF = "benchmarks.projects.drf.urls"
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
