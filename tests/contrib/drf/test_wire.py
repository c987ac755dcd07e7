"""Exposed views as clients of both eras call them, on the threads of the server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.test import override_settings
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp.asgi import Application, mount
from django_mcp.contrib.drf import expose
from django_mcp.models import ToolTask
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.clients import client as client
from tests.clients import era as era
from tests.contrib.drf.calls.test_async_views import AsyncAPIView
from tests.contrib.drf.exposure import routed
from tests.contrib.drf.urls import router
from tests.contrib.drf.views import OrderViewSet
from tests.factories import by_hand, token
from tests.shop.models import Order, Product
from tests.wire import Client

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.oauth]


class Headers(APIView):
    """Show the headers, the user and the address."""

    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response(shown(request))


class AsyncHeaders(AsyncAPIView):
    """Show the headers, the user and the address."""

    async def get(self, request: Request) -> Response:
        return Response(shown(request))


def shown(request: Request) -> dict[str, Any]:
    return {
        "headers": dict(request.headers),
        "user": request.user.username,
        "address": request.META["REMOTE_ADDR"],
        "task": request.mcp.context.task_id is not None,
    }


@pytest.fixture
def application(product: Product) -> Iterator[Application]:
    urls = [
        path("api/", include(router.urls)),
        path("headers/", Headers.as_view()),
        path("aheaders/", AsyncHeaders.as_view()),
    ]
    with collecting() as declared:
        expose(OrderViewSet, actions=["list", "create", "retrieve"])
        expose(Headers, actions=["get"], name="headers", scopes=["shop:read"])
        expose(AsyncHeaders, actions=["get"], name="aheaders", scopes=["shop:read"])
        expose(Headers, actions=["get"], name="headers_later", background=True)
        expose(AsyncHeaders, actions=["get"], name="aheaders_later", background=True)
    with (
        routed(*urls),
        serving_declared(declared),
        override_settings(DJANGO_MCP_BACKGROUND_BACKEND="threads"),
    ):
        yield mount(get_asgi_application())


@pytest.fixture
def signed_in(client: Client, ada: User) -> Client:
    return client.with_token(token(by_hand("Desk", client_id="desk"), ada).token)


@pytest.mark.parametrize("name", ["headers", "aheaders", "headers_later", "aheaders_later"])
def test_the_view_gets_the_caller_and_none_of_its_headers(signed_in: Client, name: str) -> None:
    client = signed_in.having(headers={"X-Secret": "secret", "Cookie": "sessionid=secret"})

    answer = asyncio.run(client.acall(name))

    (tool_result,) = [answer.result]
    data = tool_result["structuredContent"]
    assert set(data["headers"]) <= {"Accept", "Content-Length", "Content-Type"}
    assert data["headers"]["Accept"] == "application/json"
    assert data["user"] == "ada"
    assert data["address"] == "203.0.113.9"
    assert data["task"] is name.endswith("later")
    assert ToolTask.objects.count() == int(name.endswith("later"))


def test_rows_are_written_and_read_on_the_threads_of_the_server(
    signed_in: Client, product: Product
) -> None:
    async def scenario() -> tuple[Any, Any]:
        created = await signed_in.acall("order_create", product=product.pk, quantity=3)
        return created, await signed_in.acall("order_list")

    created, listed = asyncio.run(scenario())

    order = Order.objects.get()
    assert created.result["structuredContent"]["id"] == order.pk
    assert [each["id"] for each in listed.result["structuredContent"]["results"]] == [order.pk]


def test_a_caller_without_a_token_is_no_user_of_the_view(
    client: Client, settings: Any, product: Product
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True

    answer = client.call("order_list")

    assert answer.result["isError"] is True
    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "permission_denied"
