"""The request that a view is given: the caller's, and nothing of the headers of the real one."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path
from pytest_django import Settings
from rest_framework import serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from django_mcp import Principal
from django_mcp.endpoints import Endpoint, using_endpoints
from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, routed, tool_of
from tests.shop.models import Product

pytestmark = pytest.mark.django_db


class Echo(APIView):
    """Show the request."""

    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response(self.shown(request))

    def post(self, request: Request, pk: str = "") -> Response:
        return Response({**self.shown(request), "data": request.data})

    def shown(self, request: Request) -> dict[str, Any]:
        return {
            "headers": dict(request.headers),
            "cookies": request.COOKIES,
            "url": request.build_absolute_uri(),
            "is_secure": request.is_secure(),
            "address": request.META["REMOTE_ADDR"],
            "user": str(request.user),
            "django_user": str(request._request.user),
            "method": request.method,
        }


class Note(serializers.Serializer[Any]):
    text = serializers.CharField()


def test_nothing_of_the_real_request_reaches_the_view(ada: User) -> None:
    with routed(path("echo/", Echo.as_view())), exposing(Echo, ["get"]):
        result = MCPClient(ada).call("echo_get")

    assert result.data == {
        "headers": {"Accept": "application/json", "Content-Length": "", "Content-Type": ""}
        if "Content-Length" in result.data["headers"]
        else {"Accept": "application/json"},
        "cookies": {},
        "url": "http://testserver/echo/",
        "is_secure": False,
        "address": "",
        "user": "ada",
        "django_user": "ada",
        "method": "GET",
    }


def test_a_body_is_json(ada: User) -> None:
    with routed(path("echo/", Echo.as_view())), exposing(Echo, ["post"], input=Note):
        result = MCPClient(ada).call("echo_post", text="Grüße\n")

    assert result.data["data"] == {"text": "Grüße\n"}
    assert result.data["headers"]["Content-Type"] == "application/json"


def test_the_host_is_that_of_the_endpoint(ada: User) -> None:
    endpoint = Endpoint(url="https://mcp.shop.example:8443/mcp")
    with (
        routed(path("echo/", Echo.as_view())),
        exposing(Echo, ["get"]),
        using_endpoints(endpoint),
    ):
        result = MCPClient(ada).call("echo_get")

    assert result.data["url"] == "https://mcp.shop.example:8443/echo/"
    assert result.data["is_secure"] is True


def test_an_anonymous_caller_is_an_anonymous_user() -> None:
    with routed(path("echo/", Echo.as_view())), exposing(Echo, ["get"]):
        result = MCPClient().call("echo_get")

    assert result.data["user"] == result.data["django_user"] == "AnonymousUser"


class ShowCaller(APIView):
    """Show what the view knows of the caller."""

    permission_classes = ()

    def get(self, request: Request) -> Response:
        call, token = request.mcp, request.auth
        call.context.log("info", "called")
        return Response(
            {
                "call_id": str(call.call_id),
                "client": call.principal.client_id,
                "scope": token.scope,
                "may_read": token.is_valid(["shop:read"]),
                "may_write": token.allow_scopes(["shop:write"]),
                "is_expired": token.is_expired(),
                "credential": [
                    name for name in ("token", "pk", "token_checksum") if hasattr(token, name)
                ],
                "repr": repr(token).partition(" ")[2],
            }
        )


def test_the_view_knows_the_call_and_the_scopes_but_no_credential(ada: User) -> None:
    with routed(path("caller/", ShowCaller.as_view())), exposing(ShowCaller, ["get"], name="show"):
        result = MCPClient(ada, scopes=["shop:read"]).call("show")

    assert result.data == {
        "call_id": str(result.call_id),
        "client": "test-client",
        "scope": "shop:read",
        "may_read": True,
        "may_write": False,
        "is_expired": False,
        "credential": [],
        "repr": "of test-client>",
    }
    assert [each.text for each in result.logs] == ["called"]


class Tenant(BasePermission):
    """Allow what has a tenant."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return hasattr(request, "tenant")


class OfTenant(APIView):
    """Show the tenant."""

    permission_classes = (Tenant,)

    def get(self, request: Request) -> Response:
        return Response({"tenant": request.tenant, "host": request.get_host()})


def set_tenant(request: HttpRequest, principal: Principal) -> None:
    request.tenant = f"tenant of {principal.user}"  # type: ignore[attr-defined]
    request.META["HTTP_HOST"] = "localhost"


def test_a_function_of_the_project_prepares_requests(ada: User) -> None:
    with routed(path("", OfTenant.as_view())), exposing(OfTenant, ["get"], name="tenant"):
        without = MCPClient(ada).call("tenant")
        with override_settings(DJANGO_MCP_DRF_REQUEST=f"{__name__}.set_tenant"):
            prepared = MCPClient(ada).call("tenant")

    assert without.error["kind"] == "permission_denied"
    assert prepared.data == {"tenant": "tenant of ada", "host": "localhost"}


class OfAllShops(BasePermission):
    """Allow sessions, and keys of the API that are good for all shops."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is None or bool(request.auth.all_shops)


class Shops(APIView):
    """Show who asks."""

    permission_classes = (OfAllShops,)

    def get(self, request: Request) -> Response:
        return Response({"user": str(request.user), "auth": str(request.auth)})


class Key:
    """A key of the API."""

    def __init__(self, *, all_shops: bool) -> None:
        self.all_shops = all_shops

    def __str__(self) -> str:
        return "key"


def like_a_session(request: HttpRequest, principal: Principal) -> None:
    request.auth = None  # type: ignore[attr-defined]


def with_a_key(request: HttpRequest, principal: Principal) -> None:
    request.auth = Key(all_shops=True)  # type: ignore[attr-defined]


def with_a_narrow_key(request: HttpRequest, principal: Principal) -> None:
    request.auth = Key(all_shops=False)  # type: ignore[attr-defined]


def test_the_view_finds_the_token_that_a_function_of_the_project_prepared(ada: User) -> None:
    with routed(path("", Shops.as_view())), exposing(Shops, ["get"], name="shops"):
        unprepared = MCPClient(ada).call("shops")
        answers = []
        for function in (like_a_session, with_a_key, with_a_narrow_key):
            with override_settings(DJANGO_MCP_DRF_REQUEST=f"{__name__}.{function.__name__}"):
                answers.append(MCPClient(ada).call("shops"))

    assert unprepared.error["kind"] == "failed"
    assert answers[0].data == {"user": "ada", "auth": "None"}
    assert answers[1].data == {"user": "ada", "auth": "key"}
    assert answers[2].error["kind"] == "permission_denied"


class LinkedProductSerializer(serializers.HyperlinkedModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ("url", "sku")


class Products(viewsets.ReadOnlyModelViewSet[Product]):
    """Products."""

    queryset = Product.objects.all()
    serializer_class = LinkedProductSerializer
    permission_classes = ()


def test_hyperlinks_are_absolute(ada: User, product: Product) -> None:
    with (
        routed(
            path("products/", Products.as_view({"get": "list"}), name="product-list"),
            path(
                "products/<int:pk>/", Products.as_view({"get": "retrieve"}), name="product-detail"
            ),
        ),
        exposing(Products, ["list"], name="products"),
    ):
        result = MCPClient(ada).call("products")
        expected = reverse("product-detail", kwargs={"pk": product.pk})

    assert result.data == [{"url": f"http://testserver{expected}", "sku": "tea"}]


class ByHand(APIView):
    """Read parameters by hand."""

    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({name: request.query_params.getlist(name) for name in request.GET})


def test_parameters_that_a_view_reads_by_hand_are_declared(ada: User) -> None:
    query = {"year": int, "tags": list[str], "only": bool, "note": {"type": ["string", "null"]}}
    with routed(path("", ByHand.as_view())), exposing(ByHand, ["get"], name="read", query=query):
        properties = tool_of(ByHand, "get", query=query).input_schema["properties"]
        result = MCPClient(ada).call("read", year=2026, tags=["a b", "&"], only=True, note=None)

    assert properties["year"] == {"type": "integer"}
    assert result.data == {"year": ["2026"], "tags": ["a b", "&"], "only": ["true"]}


@pytest.mark.parametrize("argument", ["pk", "text", "any"])
def test_half_a_pair_of_surrogates_is_refused(ada: User, argument: str) -> None:
    class Body(serializers.Serializer[Any]):
        text = serializers.CharField(required=False)
        any = serializers.JSONField(required=False)

    arguments = {
        "pk": "1",
        "text": "\U0001f600",
        argument: ["\ud83d", {"\ude00": 1}][argument == "any"],
    }
    with (
        routed(path("echo/<str:pk>/", Echo.as_view())),
        exposing(Echo, ["post"], input=Body),
    ):
        result = MCPClient(ada).call("echo_post", **arguments)

    assert result.error["kind"] == "invalid_arguments"


class Marked(APIView):
    """Show whether an agent calls."""

    permission_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"is_agent": hasattr(request, "mcp")})


def test_requests_over_http_cannot_pass_for_those_of_an_agent(ada: User, client: Client) -> None:
    with routed(path("marked/", Marked.as_view())), exposing(Marked, ["get"]):
        called = MCPClient(ada).call("marked_get")
        requested = client.get("/marked/?mcp=1", headers={"mcp": "1", "X-MCP": "1"})

    assert called.data == {"is_agent": True}
    assert requested.json() == {"is_agent": False}


class Crashing(APIView):
    """Crash."""

    permission_classes = ()

    def get(self, request: Request) -> Response:
        password = "the-password-is-1234"
        raise RuntimeError(password)


def test_a_crash_tells_nothing_in_debug_mode(ada: User, settings: Settings) -> None:
    settings.DEBUG = True
    with routed(path("crash/", Crashing.as_view())), exposing(Crashing, ["get"]):
        result = MCPClient(ada).call("crashing_get")

    assert result.error["kind"] == "failed"
    assert "1234" not in f"{result.text}{result.data}{result.error}"
    assert "Traceback" not in result.text
