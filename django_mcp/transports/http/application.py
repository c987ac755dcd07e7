"""ASGI application with each endpoint at its path and Django everywhere else."""

from django.core.handlers.asgi import get_script_prefix
from starlette.types import ASGIApp, Receive, Scope, Send

from django_mcp.endpoints import Endpoint, EndpointRegistry
from django_mcp.transports.http.endpoint import MCPEndpoint
from django_mcp.transports.http.lifespan import serve_lifespan


class MCPApplication:
    """ASGI application of endpoints in front of `application`, which gets every other request."""

    def __init__(self, application: ASGIApp, endpoints: EndpointRegistry) -> None:
        self._application = application
        self._endpoints = endpoints
        self._served = {endpoint: MCPEndpoint(endpoint) for endpoint in endpoints}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, as ASGI applications do."""
        if scope["type"] == "lifespan":
            managers = [served.managers for served in self._served.values()]
            await serve_lifespan(managers, receive, send)
            return
        endpoint = self._endpoint_of(scope) if scope["type"] == "http" else None
        application = self._application if endpoint is None else self._served[endpoint]
        await application(scope, receive, send)

    def _endpoint_of(self, scope: Scope) -> Endpoint | None:
        # Exactly the path, with or without its slash: a redirect would break clients, and
        # anything longer is Django's.
        path: str = scope["path"]
        prefix: str = get_script_prefix(scope)
        # As Django does: some servers leave their prefix in the path, others strip it.
        return self._endpoints.by_path(prefix + path.removeprefix(prefix))
