import os
from typing import Any

from django.apps import apps
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.projects.host.settings")


def build() -> Any:
    """The project, with the endpoint in front where it has the app."""
    application: Any = get_asgi_application()
    if apps.is_installed("django_mcp"):
        # Here, so that the project without the app loads nothing of it.
        from django_mcp.asgi import mount

        return mount(application)
    return application


application = build()
