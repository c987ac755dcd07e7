"""Django view of the endpoints, where nothing is mounted in front of Django.

That is under `runserver` and every WSGI server, and in an ASGI application without `mount()`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from wsgiref.util import is_hop_by_hop

from django.contrib.auth.decorators import login_not_required
from django.core.handlers.asgi import ASGIRequest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from django_mcp.endpoints import EndpointRegistry, get_endpoints
from django_mcp.primitives.registry import Registry, get_registry
from django_mcp.transports.http.body import MAY_STAY_UNREAD_KEY
from django_mcp.transports.http.streams import STREAMS_KEY, wsgi_takes_streams
from django_mcp.transports.wsgi.asgi_server import ASGIServer
from django_mcp.transports.wsgi.connection import Connection, Message
from django_mcp.transports.wsgi.event_loop import EventLoopThread, event_loop
from django_mcp.transports.wsgi.event_stream import AsyncEventStream, EventStream
from django_mcp.transports.wsgi.request import RequestBody, discards_unread_bodies, scope_of
from django_mcp.uwsgi import announce_closing

View = Callable[..., HttpResponseBase]

EVENT_STREAM = "text/event-stream"


def non_atomic(view: View) -> View:
    """Take a view out of ATOMIC_REQUESTS of every database: a stream would be one transaction."""
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


@non_atomic
@csrf_exempt
@login_not_required
def endpoint_view(request: HttpRequest, path: str = "") -> HttpResponseBase:
    """Serve a request of a client by the endpoints' ASGI application, whatever its route.

    The calling thread reads the body, when the application asks for it, and waits for the answer.
    """
    is_async = isinstance(request, ASGIRequest)
    scope = scope_of(request) | {
        STREAMS_KEY: is_async or wsgi_takes_streams(),
        MAY_STAY_UNREAD_KEY: is_async or discards_unread_bodies(request.META),
    }
    thread = event_loop()
    try:
        connection = _server(thread).open(scope, RequestBody(request))
        try:
            answer = _response(request, connection)
        except BaseException:
            connection.disconnect_soon()
            raise
    except Exception:
        if not thread.is_ending:
            raise
        answer = None
    if answer is None:
        answer = _no_answer(is_ending=thread.is_ending)
    announce_closing(request, answer)
    return answer


def _response(request: HttpRequest, connection: Connection) -> HttpResponseBase | None:
    start = connection.message()
    if start is None:
        return None
    status, headers = start["status"], _headers(start)
    if headers.get("content-type", "").startswith(EVENT_STREAM):
        # Middleware that compresses would keep events until it has enough of them.
        request.META.pop("HTTP_ACCEPT_ENCODING", None)
        stream = AsyncEventStream if isinstance(request, ASGIRequest) else EventStream
        return StreamingHttpResponse(stream(connection), status=status, headers=headers)
    body = b""
    while (message := connection.message()) is not None:
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    response = HttpResponse(body, status=status, headers=headers)
    if "content-type" not in headers:
        del response.headers["Content-Type"]  # which Django adds
    return response


def _headers(start: Message) -> dict[str, str]:
    """Return the headers of an answer: joined where they repeat, which Django cannot keep."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in start.get("headers", ()):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if is_hop_by_hop(name):  # for the server alone to send (PEP 3333)
            continue
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _no_answer(*, is_ending: bool) -> HttpResponse:
    """Return the answer where the application had none: the process ends, or no body came."""
    from django_mcp.transports.http.errors import refusal, unavailable

    unread = "The body of the request could not be read; send it with its Content-Length."
    answer = unavailable() if is_ending else refusal(400, unread)
    return HttpResponse(answer.body, status=answer.status_code, headers=dict(answer.headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Serving:
    """Server with the thread, endpoints and registry that it was made for."""

    thread: EventLoopThread
    endpoints: EndpointRegistry
    registry: Registry
    server: ASGIServer

    def is_for(
        self, thread: EventLoopThread, endpoints: EndpointRegistry, registry: Registry
    ) -> bool:
        is_same = self.thread is thread and self.registry is registry
        return is_same and self.endpoints == endpoints


_lock = Lock()
_serving: _Serving | None = None


def _server(thread: EventLoopThread) -> ASGIServer:
    """Return the server of this process, made at its first request.

    Raises `ToolRegistrationError` and `ImproperlyConfigured`, as `mount()` does.
    """
    global _serving
    endpoints, registry = get_endpoints(), get_registry()
    with _lock:
        if _serving is None or not _serving.is_for(thread, endpoints, registry):
            server = ASGIServer(_application(endpoints), thread)
            _serving = _Serving(
                thread=thread, endpoints=endpoints, registry=registry, server=server
            )
        return _serving.server


def _application(endpoints: EndpointRegistry) -> Any:
    # Importing the SDK takes a second, for which no command that loads the URLs should wait.
    from django_mcp.transports.http.application import MCPApplication
    from django_mcp.transports.http.errors import refusal

    return MCPApplication(refusal(404, "The endpoint is not at this path."), endpoints)
