"""Instances of models that are read as resources, each user's own."""

import datetime
import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.models import CallRecord, ToolGroup
from tests.keys import PATH
from tests.resources.errors import not_found
from tests.resources.models import BROKEN, EVERY, SECRET, WRONG
from tests.shop.models import Order, Product, Shelf, Shipment
from tests.wire import Answer, Client, serving

MISSING = 10**9


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Ann and Bob may read; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    User.objects.create_user("ann")
    User.objects.create_user("bob")
    with serving([*EVERY, *BROKEN, *WRONG]) as application:
        yield application


@pytest.fixture
def ann(client: Client) -> Client:
    return client.with_key("ann parcels")


@pytest.fixture
def bob(client: Client) -> Client:
    return client.with_key("bob parcels")


def order_of(username: str, **values: Any) -> Order:
    product, _ = Product.objects.get_or_create(sku="tea", defaults={"name": "Tea", "price": 1})
    buyer = User.objects.get(username=username)
    return Order.objects.create(buyer=buyer, product=product, **{"quantity": 3, **values})


def read(client: Client, uri: str) -> Answer:
    return client.send("resources/read", {"uri": uri})


def content(client: Client, uri: str) -> Any:
    (found,) = read(client, uri).result["contents"]
    assert found["uri"] == uri
    return json.loads(found["text"])


def test_instance_is_read_by_whom_its_queryset_shows_it(ann: Client) -> None:
    order = order_of("ann")

    found = read(ann, f"order://{order.pk}").result["contents"]

    assert found == [
        {
            "uri": f"order://{order.pk}",
            "mimeType": "application/json",
            "text": f'{{"number":{order.pk},"pieces":3,"product":"tea"}}',
        }
    ]
    record = CallRecord.objects.get()
    assert (record.kind, record.name, record.outcome) == ("resource", "order", "ok")
    assert record.arguments == {"pk": str(order.pk)}


def test_instance_of_another_user_is_answered_as_a_missing_one(ann: Client, bob: Client) -> None:
    order = order_of("ann")
    of_another, of_none = f"order://{order.pk}", f"order://{MISSING}"

    assert read(bob, of_another).error == not_found(bob.era, of_another)
    assert read(bob, of_none).error == not_found(bob.era, of_none)
    assert content(ann, of_another)["number"] == order.pk


@pytest.mark.implementation
def test_hidden_and_missing_instances_take_as_many_queries(ann: Client, bob: Client) -> None:
    order = order_of("ann")
    numbers = []
    bob.send("resources/read", {"uri": "shop://hours"})  # the snapshot of groups is read
    for uri in (f"order://{order.pk}", f"order://{MISSING}"):
        with CaptureQueriesContext(connection) as queries:
            bob.send("resources/read", {"uri": uri})
        numbers.append(len(queries))

    assert numbers[0] == numbers[1]


def test_anonymous_callers_see_no_resource_of_users(client: Client) -> None:
    uri = f"order://{order_of('ann').pk}"

    assert read(client, uri).error == not_found(client.era, uri)
    templates = client.send("resources/templates/list").result["resourceTemplates"]
    assert [each["name"] for each in templates] == ["parcel", "product", "shelf"]


def test_instance_in_a_closed_group_is_not_found(ann: Client) -> None:
    product = Product.objects.create(sku="tea", name="Tea", price=1)
    uri = f"hidden://{product.pk}"

    assert read(ann, uri).error == not_found(ann.era, uri)


def test_queryset_that_permits_nothing_is_not_found(ann: Client) -> None:
    answer = read(ann, "refused://1")

    assert answer.error == not_found(ann.era, "refused://1")
    assert SECRET not in answer.text


def test_scopes_are_needed_as_of_any_resource(client: Client) -> None:
    answer = read(client.with_key("ann"), "parcel://tea/x/2026-01-02")

    assert answer.status == 403
    assert 'scope="parcels"' in answer.header("www-authenticate")[0]


@pytest.mark.parametrize(
    ("uri", "logged"),
    [
        ("broken://1", SECRET),
        ("wrong://1", "wrong returned a queryset of Order, and not a queryset of Product"),
        ("rows://1", "<lambda> returned a queryset of dict, and not of Product"),
    ],
)
def test_failure_of_the_queryset_tells_nothing_but_an_id(
    ann: Client, uri: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    Product.objects.create(pk=1, sku="tea", name=SECRET, price=1)
    with caplog.at_level(logging.ERROR):
        answer = read(ann, uri)

    assert answer.error["code"] == -32603
    assert str(CallRecord.objects.get().call_id) in answer.error["message"]
    assert SECRET not in answer.text
    assert logged in caplog.text


def test_variables_are_the_values_of_fields_and_of_their_relations(ann: Client) -> None:
    product = Product.objects.create(sku="a/b c", name="Tea", price=1)
    key = uuid.uuid4()
    Shipment.objects.create(product=product, key=key, packed_on=datetime.date(2026, 1, 2))
    Shelf.objects.create(hall="north wing", number=7, label="key-client's")

    assert content(ann, "product://a%2Fb%20c") == {"sku": "a/b c", "name": "Tea"}
    assert content(ann, f"parcel://a%2Fb%20c/{key}/2026-01-02") == {"status": "packed"}
    assert content(ann, "shelf://north%20wing/7") == {"label": "key-client's"}


def test_queryset_may_go_by_the_client(ann: Client) -> None:
    Shelf.objects.create(hall="north", number=1, label="of another")

    assert read(ann, "shelf://north/1").error == not_found(ann.era, "shelf://north/1")


def test_two_instances_of_one_uri_are_a_conflict(ann: Client) -> None:
    product = Product.objects.create(sku="tea", name="Tea", price=1)
    key = uuid.uuid4()
    for _ in range(2):
        Shipment.objects.create(product=product, key=key, packed_on=datetime.date(2026, 1, 2))

    error = read(ann, f"parcel://tea/{key}/2026-01-02").error

    assert error["code"] == -32603
    assert error["data"]["django-mcp/error"]["kind"] == "conflict"


@pytest.mark.parametrize(
    ("uri", "variable"),
    [
        ("order://x", "pk"),
        ("order://null", "pk"),
        ("order://", "pk"),
        ("order://1.5", "pk"),
        ("order://true", "pk"),
        ("order://%C2%B2", "pk"),
        ("order://1%20OR%201=1", "pk"),
        ("parcel://tea/no-key/2026-01-02", "key"),
        ("parcel://tea/00000000-0000-0000-0000-000000000000/null", "packed_on"),
        ("parcel://tea/00000000-0000-0000-0000-000000000000/2026-02-30", "packed_on"),
    ],
)
def test_variables_are_validated_as_their_fields_are_typed(
    ann: Client, uri: str, variable: str
) -> None:
    error = read(ann, uri).error

    assert error["code"] == -32602
    assert error["data"]["django-mcp/error"]["kind"] == "invalid_arguments"
    assert f"- {variable}: " in error["message"]


@pytest.mark.parametrize(
    "uri",
    [
        "order://-1",
        "order://9223372036854775808",
        "order://" + "9" * 400,
        "product://null",
        "product://..",
        "product://%2e%2e",
        "product://a%00b",
        "product://%2Fetc%2Fpasswd",
        "product://" + "a" * 10_000,
        "product://%27%20OR%20%27%27=%27",
        "product://tea?sku=x",
        "product://tea#x",
        "PRODUCT://tea",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "javascript:alert(1)",
    ],
)
def test_hostile_uri_finds_nothing(ann: Client, uri: str) -> None:
    Product.objects.create(sku="tea", name="Tea", price=1)

    assert read(ann, uri).error == not_found(ann.era, uri)


def test_key_of_any_size_is_exact(ann: Client) -> None:
    order = order_of("ann", pk=2**60 + 1)
    order_of("ann", pk=2**60)

    assert content(ann, f"order://{order.pk}")["number"] == 2**60 + 1


def test_template_is_listed_with_the_names_of_the_model(ann: Client) -> None:
    templates = ann.send("resources/templates/list").result["resourceTemplates"]

    assert templates[1] == {
        "uriTemplate": "order://{pk}",
        "name": "order",
        "title": "Order",
        "description": "One of the orders that the caller may see.",
        "mimeType": "application/json",
        "annotations": {"audience": ["user"], "priority": 0.5},
    }
    assert templates[3] == {
        "uriTemplate": "product://{sku}",
        "name": "product",
        "title": "A product",
        "description": "Something for sale.",
        "mimeType": "application/vnd.shop+json",
    }
