"""The site's Celery app: `celery -A example_project worker` runs the tools that take long.

Nothing here is about django_mcp: Celery finds its task as it finds those of every app.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

app = Celery("example_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
