"""Contexts of serializers that no view makes: the request of the call's caller."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.request import Request

from django_mcp.context import ToolContext
from django_mcp.contrib.drf.calls.requests import Message, request_for, request_hook
from django_mcp.contrib.drf.calls.view_calls import authenticator

MESSAGE = Message(method="POST", path="/")


def serializer_context(context: ToolContext) -> dict[str, Any]:
    """Return the context of a serializer of a call, with a request as a view would have it.

    May query, in the function that `DJANGO_MCP_DRF_REQUEST` names.
    """
    request = request_for(context, MESSAGE)
    if hook := request_hook():
        hook(request, context.principal)
    return {"request": Request(request, authenticators=[authenticator()])}


def nobodys_context() -> dict[str, Any]:
    """Return the context of a serializer whose fields are only looked at."""
    request = HttpRequest()
    request.method = MESSAGE.method
    request.user = AnonymousUser()
    return {"request": Request(request)}
