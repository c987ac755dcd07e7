"""The one ASGI application: the site, and the MCP endpoint beside it."""

import os

from django.core.asgi import get_asgi_application

from django_mcp.asgi import mount

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

application = mount(get_asgi_application())
