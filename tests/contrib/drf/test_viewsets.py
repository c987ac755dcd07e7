"""A routed viewset: each action as one request of the caller."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing
from tests.contrib.drf.views import OrderViewSet
from tests.shop.models import Order, Product

ACTIONS = ["list", "retrieve", "create", "update", "partial_update", "destroy", "double"]

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib.drf.urls")]


@pytest.fixture(autouse=True)
def _exposed() -> Iterator[None]:
    with exposing(OrderViewSet, ACTIONS, group="shop"):
        yield


@pytest.fixture
def order(ada: User, product: Product) -> Order:
    return Order.objects.create(buyer=ada, product=product, quantity=2)


def shown(order: Order) -> dict[str, object]:
    return {
        "id": order.pk,
        "product": order.product_id,
        "quantity": order.quantity,
        "deliver_on": None,
    }


def test_each_action_is_a_tool_with_the_hints_of_its_method(ada: User) -> None:
    hints = {}
    for each in MCPClient(ada).list_tools():
        of = each.annotations
        assert of is not None
        hints[each.name] = (of.read_only_hint, of.destructive_hint, of.idempotent_hint)

    assert hints == {
        "order_list": (True, None, None),
        "order_retrieve": (True, None, None),
        "order_create": (False, False, None),
        "order_update": (False, True, True),
        "order_partial_update": (False, True, None),
        "order_destroy": (False, True, True),
        "order_double": (False, False, None),
    }


def test_descriptions_are_those_of_the_action_else_of_model_and_view(ada: User) -> None:
    described = {each.name: each.description for each in MCPClient(ada).list_tools()}

    assert described["order_double"] == "Order twice as much."
    assert described["order_list"] == "List orders.\n\nOrders of the caller."
    assert described["order_destroy"] == "Delete one order.\n\nOrders of the caller."


def test_arguments_are_flat_and_their_lookup_has_the_type_of_the_key(ada: User) -> None:
    schemas = {each.name: each.input_schema for each in MCPClient(ada).list_tools()}

    assert schemas["order_retrieve"] == {
        "type": "object",
        "properties": {"pk": {"type": "integer", "description": "The id of the order."}},
        "required": ["pk"],
        "additionalProperties": False,
    }
    assert list(schemas["order_update"]["properties"]) == [
        "pk",
        "product",
        "quantity",
        "deliver_on",
    ]
    assert schemas["order_update"]["required"] == ["pk", "product", "quantity"]
    assert schemas["order_partial_update"]["required"] == ["pk"]
    assert schemas["order_double"]["required"] == ["pk"]
    assert list(schemas["order_double"]["properties"]) == ["pk"]


def test_rows_are_created_for_the_caller(ada: User, product: Product) -> None:
    result = MCPClient(ada).call("order_create", product=product.pk, quantity=3)

    order = Order.objects.get(buyer=ada)
    assert result.data == shown(order)


def test_rows_are_listed_in_pages_whose_links_are_arguments(ada: User, product: Product) -> None:
    orders = [Order.objects.create(buyer=ada, product=product, quantity=n) for n in (1, 2, 3)]
    client = MCPClient(ada)

    first = client.call("order_list")
    second = client.call("order_list", **first.data["next"])

    assert first.data["count"] == 3
    assert first.data["next"] == {"page": 2}
    assert first.data["results"] == [shown(each) for each in orders[:2]]
    assert second.data["results"] == [shown(orders[2])]
    assert second.data["next"] is None


def test_rows_are_changed_and_deleted(ada: User, order: Order) -> None:
    client = MCPClient(ada)

    assert client.call("order_retrieve", pk=order.pk).data["quantity"] == 2
    assert client.call("order_partial_update", pk=order.pk, quantity=5).data["quantity"] == 5
    assert client.call("order_double", pk=order.pk).data["quantity"] == 10
    result = client.call("order_update", pk=order.pk, product=order.product_id, quantity=1)
    assert result.data["quantity"] == 1
    assert client.call("order_destroy", pk=order.pk).data is None
    assert not Order.objects.exists()


def test_what_the_view_refuses_names_the_argument(ada: User) -> None:
    result = MCPClient(ada).call("order_create", product=404, quantity=3)

    assert result.error["kind"] == "invalid_arguments"
    assert result.error["hint"] == "- product: There is no such object."


def test_rows_of_others_are_not_found(bob: User, order: Order) -> None:
    client = MCPClient(bob)

    for name in ("order_retrieve", "order_partial_update", "order_double", "order_destroy"):
        assert client.call(name, pk=order.pk).error["kind"] == "not_found"
    order.refresh_from_db()
    assert order.quantity == 2


def test_anonymous_callers_are_refused_as_the_view_refuses_them(order: Order) -> None:
    result = MCPClient().call("order_list")

    assert result.error["kind"] == "permission_denied"
    assert result.text == "Authentication credentials were not provided."
