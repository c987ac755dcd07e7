import os

from django.core.asgi import get_asgi_application

from django_mcp.asgi import mount

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.projects.exposed.settings")

application = mount(get_asgi_application())
