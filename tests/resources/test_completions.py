"""Variables of the URIs of instances, completed by what each user may see."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from django_mcp import resource_for
from django_mcp.asgi import Application
from django_mcp.primitives.declaration import collecting
from django_mcp.testing import MCPClient
from tests.keys import PATH
from tests.resources.models import orders_of
from tests.shop.models import Order, Product, Shelf
from tests.wire import Client, serving

NOTHING = {"values": [], "total": 0, "hasMore": False}

with collecting() as DECLARED:
    resource_for(Order, uri="order://{pk}", fields=["quantity"], queryset=orders_of)
    resource_for(
        Shelf,
        uri="shelf://{hall}/{number}",
        fields=["label"],
        queryset=lambda: Shelf.objects.all(),
    )
    resource_for(
        Product,
        uri="product://{sku}",
        fields=["name"],
        queryset=lambda: Product.objects.all(),
        complete={"sku": lambda: ["own"]},
    )
    resource_for(
        Product,
        name="unlisted",
        uri="unlisted://{sku}",
        fields=["name"],
        queryset=lambda: Product.objects.all(),
        listed=False,
    )


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    tea = Product.objects.create(sku="tea", name="Tea", price=1)
    for name in ("ann", "bob"):
        Order.objects.create(buyer=User.objects.create_user(name), product=tea, quantity=1)
    for number, hall in enumerate(["North", "South", "North"], 1):
        Shelf.objects.create(hall=hall, number=number, label=f"shelf {number}")
    with serving(DECLARED) as application:
        yield application


def completion(client: Client, template: str, name: str, typed: str = "", **given: str) -> Any:
    params = {
        "ref": {"type": "ref/resource", "uri": template},
        "argument": {"name": name, "value": typed},
        "context": {"arguments": given},
    }
    return client.send("completion/complete", params).result["completion"]


def whole(*values: str) -> dict[str, Any]:
    return {"values": list(values), "total": len(values), "hasMore": False}


@pytest.mark.parametrize("name", ["ann", "bob"])
def test_keys_are_those_of_the_caller_s_instances(client: Client, name: str) -> None:
    own = str(Order.objects.get(buyer__username=name).pk)

    assert completion(client.with_key(name), "order://{pk}", "pk") == whole(own)


def test_variables_given_so_far_narrow_the_others(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = "shelf://{hall}/{number}"

    with caplog.at_level(logging.WARNING):
        assert completion(client, shelf, "hall") == whole("North", "South")
        assert completion(client, shelf, "number", hall="North") == whole("1", "3")
        assert completion(client, shelf, "number", "3", hall="North") == whole("3")
        assert completion(client, shelf, "hall", number="2") == whole("South")
        assert completion(client, shelf, "hall", number="two\x00") == NOTHING
        assert completion(client, shelf, "hall", nonsense="2") == whole("North", "South")
    assert not caplog.records


def test_declared_completion_comes_first_and_what_is_not_listed_has_none(client: Client) -> None:
    assert completion(client, "product://{sku}", "sku") == whole("own")
    assert completion(client, "unlisted://{sku}", "sku") == NOTHING


def test_test_client_lists_every_instance_that_its_user_may_read(
    application: Application, settings: Settings
) -> None:
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 2
    ann = MCPClient(User.objects.get(username="ann"))

    uris = [each.uri for each in ann.list_resources()]

    assert uris == [
        f"order://{Order.objects.get(buyer__username='ann').pk}",
        "product://tea",
        "shelf://North/1",
        "shelf://North/3",
        "shelf://South/2",
    ]
    assert ann.read(uris[0]).data == {"quantity": 1}
