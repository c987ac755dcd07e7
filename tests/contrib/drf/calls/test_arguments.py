"""Arguments of tools that call views: one flat object over path, query and body."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum
from django.urls import path
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pytest_django import Settings
from rest_framework import filters, generics, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, routed, tool_of
from tests.contrib.drf.views import OrderSerializer
from tests.shop.models import Order, Product

pytestmark = pytest.mark.django_db


class Orders(viewsets.ReadOnlyModelViewSet[Order]):
    """Orders."""

    queryset = Order.objects.order_by("pk")
    serializer_class = OrderSerializer
    permission_classes = ()
    filter_backends = (filters.SearchFilter, filters.OrderingFilter)
    search_fields = ("product__name",)
    ordering_fields = ("quantity",)
    pagination_class = PageNumberPagination

    @action(detail=False)
    def total(self, request: Request) -> Response:
        """Add up the orders that are found."""
        rows = self.filter_queryset(self.get_queryset())
        return Response(rows.aggregate(total=Sum("quantity")))

    @action(detail=False)
    def count(self, request: Request) -> Response:
        """Count all orders."""
        return Response({"count": Order.objects.count()})


URLS = [
    path("orders/", Orders.as_view({"get": "list"})),
    path("orders/total/", Orders.as_view({"get": "total"})),
    path("orders/count/", Orders.as_view({"get": "count"})),
    path("orders/<int:pk>/", Orders.as_view({"get": "retrieve"})),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("list", ["search", "ordering", "page"]),
        ("total", ["search", "ordering"]),
        ("count", []),
        ("retrieve", ["pk"]),
    ],
)
def test_parameters_are_those_that_the_code_of_the_action_uses(
    settings: Settings, name: str, expected: list[str]
) -> None:
    class Paged(PageNumberPagination):
        page_size = 10

    with routed(*URLS), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Orders, "pagination_class", Paged)
        assert list(tool_of(Orders, name).input_schema["properties"]) == expected


def test_filters_are_applied_by_the_view(ada: User, product: Product) -> None:
    cup = Product.objects.create(sku="cup", name="Cup", price=1)
    for each, quantity in ((product, 2), (cup, 3), (cup, 4)):
        Order.objects.create(buyer=ada, product=each, quantity=quantity)

    with routed(*URLS), exposing(Orders, ["list", "total"], name="{action}"):
        client = MCPClient(ada)
        listed = client.call("list", search="cup", ordering="-quantity")
        total = client.call("total", search="cup")

    assert [each["quantity"] for each in listed.data] == [4, 3]
    assert total.data == {"total": 7}


def test_names_are_such_as_hosts_take(ada: User, settings: Settings) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}

    class Odd(APIView):
        """Take parameters of odd names."""

        permission_classes = ()
        schema = AutoSchema()

        @extend_schema(
            parameters=[OpenApiParameter("created[gte]", str), OpenApiParameter("pk", int)],
            description="Described by an annotation.",
            responses={200: {"type": "object", "properties": {"query": {"type": "object"}}}},
        )
        def get(self, request: Request, pk: int) -> Response:
            return Response({"query": dict(request.GET), "pk": pk})

    with routed(path("odd/<int:pk>/", Odd.as_view())), exposing(Odd, ["get"], name="odd"):
        client = MCPClient(ada)
        (tool,) = client.list_tools()
        result = client.call("odd", pk=7, created_gte_="2026", query_pk=8)

    assert list(tool.input_schema["properties"]) == ["pk", "created_gte_", "query_pk"]
    assert tool.description == "Described by an annotation."
    assert tool.output_schema is not None
    assert result.data == {"query": {"created[gte]": ["2026"], "pk": ["8"]}, "pk": 7}


class Text(serializers.Serializer[Any]):
    text = serializers.CharField()


class Store(generics.GenericAPIView[Any]):
    """Store a text."""

    serializer_class = Text
    permission_classes = ()

    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"length": len(serializer.data["text"])})


def test_a_body_is_bounded_as_that_of_a_request_is(ada: User, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    with routed(path("", Store.as_view())), exposing(Store, ["post"], name="store"):
        client = MCPClient(ada)
        stored, refused = (
            client.call("store", text="x" * 900),
            client.call("store", text="x" * 1000),
        )

    assert stored.data == {"length": 900}
    assert refused.error["kind"] == "invalid_arguments"
    assert refused.text == "The API cannot take this request."


def test_a_json_schema_may_describe_body_and_result(ada: User) -> None:
    body = {
        "type": "object",
        "properties": {"text": {"type": "string", "maxLength": 5}},
        "required": ["text"],
        "additionalProperties": False,
    }
    result = {"type": "object", "properties": {"length": {"type": "integer"}}}
    with (
        routed(path("", Store.as_view())),
        exposing(Store, ["post"], name="store", input=body, output=result),
    ):
        client = MCPClient(ada)
        (tool,) = client.list_tools()
        stored, refused = client.call("store", text="x"), client.call("store", text="x" * 6)

    assert (tool.input_schema, tool.output_schema) == (body, result)
    assert stored.data == {"length": 1}
    assert refused.error["kind"] == "invalid_arguments"


def test_options_of_a_view_are_its_metadata(ada: User) -> None:
    with routed(path("", Store.as_view())), exposing(Store, ["options"], name="describe"):
        client = MCPClient(ada)
        (tool,) = client.list_tools()
        result = client.call("describe")

    assert tool.annotations is not None
    assert tool.annotations.read_only_hint is True
    assert result.data["actions"]["POST"]["text"]["required"] is True
