"""Views whose dispatch is async, as some extensions of REST framework have it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction, sync_to_async
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from pytest_django import Settings
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp import Principal
from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, routed
from tests.contrib.drf.operations.test_bodies import Discount

pytestmark = pytest.mark.django_db

HERE = __name__


class AsyncAPIView(APIView):
    """Base of views that are async."""

    permission_classes = ()

    async def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.args, self.kwargs = args, kwargs
        self.request = wrapped = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            await sync_to_async(self.initial)(wrapped, *args, **kwargs)
            response = await getattr(self, wrapped.method.lower())(wrapped, *args, **kwargs)
        except Exception as error:  # noqa: BLE001
            response = self.handle_exception(error)
        return self.finalize_response(wrapped, response, *args, **kwargs)


class Greets(AsyncAPIView):
    """Greet."""

    async def post(self, request: Request, name: str) -> Response:
        await asyncio.sleep(0)
        user = await request.auser()
        if name == "nobody":
            raise exceptions.NotFound
        if name == "secret":
            raise KeyError("secret")
        marks = getattr(request, "marks", [])
        percent = request.data["percent"]
        return Response({"name": name, "user": str(user), "percent": percent, "marks": marks})


class AsyncMarks:
    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.marks.append("async")  # type: ignore[attr-defined]
        return await self.get_response(request)


class SyncMarks:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.marks.append("sync")  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        request.marks.append("view")  # type: ignore[attr-defined]


def prepare(request: HttpRequest, principal: Principal) -> None:
    assert User.objects.filter(username=str(request.user)).exists()
    request.marks = ["prepared"]  # type: ignore[attr-defined]


def test_async_views_are_awaited_with_their_middleware(ada: User, settings: Settings) -> None:
    settings.DJANGO_MCP_DRF_REQUEST = f"{HERE}.prepare"
    middleware = [f"{HERE}.SyncMarks", f"{HERE}.AsyncMarks", f"{HERE}.SyncMarks"]
    with (
        routed(path("<str:name>/", Greets.as_view())),
        exposing(Greets, ["post"], name="greet", input=Discount, middleware=middleware) as registry,
    ):
        (tool,) = registry.primitives.values()
        result = MCPClient(ada).call("greet", name="Bob", percent=3)

    assert tool.is_async
    assert result.data == {
        "name": "Bob",
        "user": "ada",
        "percent": 3,
        "marks": ["prepared", "sync", "async", "sync", "view", "view"],
    }


@pytest.mark.parametrize("middleware", [[], [f"{HERE}.SyncMarks"], [f"{HERE}.AsyncMarks"]])
def test_async_views_refuse_and_fail_as_sync_ones(
    ada: User, settings: Settings, middleware: list[str]
) -> None:
    settings.DJANGO_MCP_DRF_REQUEST = f"{HERE}.prepare"
    with (
        routed(path("<str:name>/", Greets.as_view())),
        exposing(Greets, ["post"], name="greet", input=Discount, middleware=middleware),
    ):
        client = MCPClient(ada)
        refused = client.call("greet", name="nobody", percent=3)
        failed = client.call("greet", name="secret", percent=3)

    assert (refused.error["kind"], refused.text) == ("not_found", "Not found.")
    assert failed.error["kind"] == "failed"
    assert "secret" not in str(failed)
