"""Lists that are exposed: what a tool finds is what the REST API finds, on every page."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django_filters import rest_framework as filters
from rest_framework import generics, pagination, serializers
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.test import APIRequestFactory, force_authenticate

from django_mcp.testing import MCPClient, ToolResult
from tests.contrib.drf.exposure import exposing
from tests.shop.models import Order, Product

pytestmark = pytest.mark.django_db


class OrderSerializer(serializers.ModelSerializer[Order]):
    class Meta:
        model = Order
        fields = ("id", "product", "quantity", "deliver_on")


class OrderFilter(filters.FilterSet):
    quantity = filters.RangeFilter()
    product = filters.ModelChoiceFilter(
        queryset=lambda request: Product.objects.filter(orders__buyer=request.user).distinct()
    )

    class Meta:
        model = Order
        fields = {"quantity": ["in"], "deliver_on": ["isnull"]}


class Numbers(pagination.PageNumberPagination):
    page_size = 2


class Slices(pagination.LimitOffsetPagination):
    default_limit = 2


class Cursors(pagination.CursorPagination):
    page_size = 2
    ordering = "quantity"


class OrderList(generics.ListAPIView[Order]):
    serializer_class = OrderSerializer
    filter_backends: Any = (filters.DjangoFilterBackend, SearchFilter, OrderingFilter)
    filterset_class = OrderFilter
    search_fields = ("product__name",)
    ordering_fields = ("quantity",)

    def get_queryset(self) -> Any:
        return Order.objects.filter(buyer=self.request.user).order_by("pk")


@pytest.fixture(autouse=True)
def orders(ada: User, bob: User) -> list[Order]:
    """Six orders of Ada's of two products, and one of Bob's of a third."""
    tea, milk, salt = (
        Product.objects.create(sku=name, name=name, price=1) for name in ("tea", "milk", "salt")
    )
    Order.objects.create(buyer=bob, product=salt, quantity=9)
    return [
        Order.objects.create(buyer=ada, product=tea if number % 2 else milk, quantity=number)
        for number in range(1, 7)
    ]


def view_of(paginator: Any) -> Any:
    return type("OrderList", (OrderList,), {"pagination_class": paginator})


def call(view: Any, user: User, **arguments: Any) -> ToolResult:
    with exposing(view, ["get"], name="list_orders", group="shop"):
        return MCPClient(user).call("list_orders", **arguments)


def rest(view: Any, user: User, query: str) -> Any:
    request = APIRequestFactory().get(f"/?{query}")
    force_authenticate(request, user)
    return view.as_view()(request).data


@pytest.mark.parametrize(
    ("arguments", "query", "quantities"),
    [
        ({}, "", [1, 2, 3, 4, 5, 6]),
        ({"quantity_min": 2, "quantity_max": 5}, "quantity_min=2&quantity_max=5", [2, 3, 4, 5]),
        ({"quantity__in": [1, 6]}, "quantity__in=1,6", [1, 6]),
        ({"deliver_on__isnull": False}, "deliver_on__isnull=false", []),
        ({"search": "tea", "ordering": "-quantity"}, "search=tea&ordering=-quantity", [5, 3, 1]),
    ],
)
def test_rows_are_those_of_the_api(
    ada: User, arguments: dict[str, Any], query: str, quantities: list[int]
) -> None:
    view = view_of(None)

    result = call(view, ada, **arguments)

    assert result.data == rest(view, ada, query)
    assert [row["quantity"] for row in result.data] == quantities


@pytest.mark.parametrize("paginator", [Numbers, Slices, Cursors])
def test_links_lead_through_all_pages_and_back(ada: User, paginator: Any) -> None:
    view = view_of(paginator)
    chosen = {"quantity_min": 2}

    pages = [call(view, ada, **chosen).data]
    while pages[-1]["next"] is not None:
        pages.append(call(view, ada, **chosen, **pages[-1]["next"]).data)
    back = call(view, ada, **chosen, **pages[-1]["previous"]).data
    found = [[row["quantity"] for row in page["results"]] for page in pages]

    assert found == [[2, 3], [4, 5], [6]]
    assert [row["quantity"] for row in back["results"]] == [4, 5]


def test_choices_of_the_caller_are_judged_by_the_view(ada: User) -> None:
    tea, salt = (Product.objects.get(sku=sku).pk for sku in ("tea", "salt"))

    own = call(view_of(None), ada, product=tea)
    foreign = call(view_of(None), ada, product=salt)

    assert [row["quantity"] for row in own.data] == [1, 3, 5]
    assert foreign.error["kind"] == "invalid_arguments"
    assert "product: This is not a valid choice." in foreign.text


def test_an_order_that_would_be_ignored_is_refused(ada: User) -> None:
    result = call(view_of(None), ada, ordering="buyer__password")

    assert result.error["kind"] == "invalid_arguments"


def test_a_page_that_is_not_there_is_not_found(ada: User) -> None:
    assert call(view_of(Numbers), ada, page=9).error["kind"] == "not_found"
