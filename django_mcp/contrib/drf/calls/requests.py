"""Requests that views are given: made from a call, with nothing of the real request's headers."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.handlers.wsgi import WSGIRequest
from django.utils.module_loading import import_string

from django_mcp.conf import settings
from django_mcp.context import ToolContext
from django_mcp.principals import Principal

PORTS: Mapping[str, int] = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class MCPCall:
    """The call that a view serves, which it finds as `request.mcp`; other requests have none."""

    call_id: UUID
    principal: Principal
    context: ToolContext


class ViewRequest(WSGIRequest):
    """Request of an agent's call, for a view: its host is that of the endpoint's URL."""

    # No browser has sent it, so no other site can have made one do so.
    _dont_enforce_csrf_checks = True

    def __init__(self, environ: dict[str, Any], call: MCPCall) -> None:
        super().__init__(environ)
        self.mcp = call
        user = call.principal.user
        self.user: Any = AnonymousUser() if user is None else user
        self._host = call.principal.endpoint.host

    async def auser(self) -> Any:
        """Return the user, as async code asks for it."""
        return self.user

    @property
    def has_own_auth(self) -> bool:
        """True if a hook or middleware has set `auth`, which Django's requests do not have."""
        return "auth" in vars(self)

    @property
    def own_auth(self) -> Any:
        """The value that it was set to; the `auth` of REST framework's own request hides it."""
        return vars(self).get("auth")

    def get_host(self) -> str:
        """Return the host of the endpoint, which no client has chosen, or that of a hook."""
        return super().get_host() if "HTTP_HOST" in self.META else self._host

    @property
    def _cache_update_cache(self) -> bool:
        """False: Django's cache of pages tells callers apart by headers, which this has not."""
        return False

    @_cache_update_cache.setter
    def _cache_update_cache(self, value: bool) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The HTTP of a call: `body` is JSON, and absent without a `content_type`."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    accept: str = "application/json"
    content_type: str = ""
    body: Any = None


def request_for(context: ToolContext, message: Message) -> ViewRequest:
    """Return the request of a call for a view."""
    principal = context.principal
    parts = urlsplit(principal.endpoint.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": message.method.upper(),
        "SCRIPT_NAME": "",
        # As WSGI has it: bytes, each as the character of its number.
        "PATH_INFO": message.path.encode().decode("latin-1"),
        "QUERY_STRING": urlencode(message.query),
        "REMOTE_ADDR": context.address,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or PORTS[parts.scheme]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_ACCEPT": message.accept,
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(),
    }
    if message.content_type:
        body = json.dumps(message.body, ensure_ascii=False).encode()
        environ |= {
            "CONTENT_TYPE": message.content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
    call = MCPCall(call_id=context.call_id, principal=principal, context=context)
    return ViewRequest(environ, call)


def request_hook() -> Callable[[ViewRequest, Principal], None] | None:
    """Return the function that `DJANGO_MCP_DRF_REQUEST` names; None for none."""
    if not settings.DRF_REQUEST:
        return None
    hook: Callable[[ViewRequest, Principal], None] = import_string(settings.DRF_REQUEST)
    return hook


def query_pairs(values: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return the pairs of a query string, in the order of their names."""
    return [(name, text) for name, texts in values.items() for text in texts]
