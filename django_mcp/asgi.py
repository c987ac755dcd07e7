"""`mount()`, for the project's `asgi.py`, which imports this before Django is set up."""

from collections.abc import Awaitable, Callable
from typing import Any

# Scope, receive, send. Django's own types of them are narrower than ASGI's, and others differ.
Application = Callable[[Any, Any, Any], Awaitable[None]]


def mount(application: Application) -> Application:
    """Serve the MCP endpoint in front of `application`, at the path of `DJANGO_MCP_URL`.

    Call it with what `get_asgi_application()` returned. The result answers the lifespan protocol
    and runs under any ASGI server on asyncio, with any number of workers. Under `DEBUG` it serves
    static files too, as `runserver` does, where `django.contrib.staticfiles` is installed. Raises
    `ToolRegistrationError` when a tool cannot be served, and `ImproperlyConfigured` for a missing
    or impossible `DJANGO_MCP_URL`.
    """
    from django_mcp.endpoints import get_endpoints
    from django_mcp.transports.http.application import MCPApplication
    from django_mcp.transports.http.static_files import with_static_files

    return MCPApplication(with_static_files(application), get_endpoints())
