"""Calls of views: from the arguments of a call to the value that the view answers with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.utils.module_loading import import_string

from django_mcp.context import ToolContext
from django_mcp.contrib.drf.calls.arguments import Arguments
from django_mcp.contrib.drf.calls.handler import ViewHandler
from django_mcp.contrib.drf.calls.requests import (
    Message,
    ViewRequest,
    query_pairs,
    request_for,
    request_hook,
)
from django_mcp.contrib.drf.calls.responses import value_of
from django_mcp.contrib.drf.operations.operation import Operation
from django_mcp.contrib.drf.parameters.pagination import with_arguments
from django_mcp.exceptions import ToolError

OAUTH = "django_mcp.contrib.drf.calls.oauth.OAuthPrincipalAuthentication"
PLAIN = "django_mcp.contrib.drf.calls.authentication.PrincipalAuthentication"


@dataclass(frozen=True, kw_only=True)
class ViewCall:
    """Function of a tool that calls a view, as one request of the tool's caller."""

    operation: Operation
    arguments: Arguments
    middleware: Sequence[str]
    renderer: str
    parser: str
    callback: Callable[..., Any]
    handler: ViewHandler
    paginates: bool

    def call(self, context: ToolContext, arguments: Mapping[str, Any]) -> Any:
        """Return what the view answers. Raises as `value_of` does, and what the view raises."""
        request = self._request(context, arguments)
        if hook := request_hook():
            hook(request, context.principal)
        try:
            return self._value(self.handler.handle(request))
        except (RequestDataTooBig, BadRequest) as error:
            raise _bad_request() from error

    async def acall(self, context: ToolContext, arguments: Mapping[str, Any]) -> Any:
        """As `call`, for an async view."""
        request = self._request(context, arguments)
        if hook := request_hook():
            await sync_to_async(hook)(request, context.principal)
        try:
            return self._value(await self.handler.ahandle(request))
        except (RequestDataTooBig, BadRequest) as error:
            raise _bad_request() from error

    def _request(self, context: ToolContext, arguments: Mapping[str, Any]) -> ViewRequest:
        operation = self.operation
        path, match = operation.match(self.arguments.of_path(arguments), self.callback)
        query = {n: [text] for n, text in operation.fixed_query.items()}
        has_body = self.arguments.has_body
        message = Message(
            method=operation.method,
            path=path,
            query=query_pairs({**query, **self.arguments.of_query(arguments)}),
            accept=operation.accept(self.renderer),
            content_type=self.parser if has_body else "",
            body=self.arguments.of_body(arguments) if has_body else None,
        )
        request = request_for(context, message)
        request.resolver_match = match
        return request

    def _value(self, response: Any) -> Any:
        value = value_of(response, arguments=self.arguments.names, renamed=self.arguments.renamed)
        if not self.paginates:
            return value  # an object may well link to itself
        view = (getattr(response, "renderer_context", None) or {}).get("view")
        return value if view is None else with_arguments(view, value)


def authenticator() -> Any:
    """Return the authenticator of the requests of calls; that of OAuth where it is installed."""
    return import_string(OAUTH if apps.is_installed("oauth2_provider") else PLAIN)()


def _bad_request() -> ToolError:
    return ToolError("The API cannot take this request.", outcome="invalid_arguments")
