"""Querysets as results: only what is shown of them is fetched, and nothing else is different."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import F, QuerySet
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext, isolate_apps

from tests.shop.models import Order, Product, Shipment
from tests.tools.single_tools import receive

pytestmark = pytest.mark.django_db

FIELDS = ["quantity", "deliver_on", "product", "product__sku", "buyer__username"]


@pytest.fixture(autouse=True)
def orders() -> list[Order]:
    """Three orders of two products by one buyer."""
    buyer = User.objects.create_user("ann")
    made = [
        Product.objects.create(sku=sku, name=sku, price="1.50", stock=3) for sku in ("a-1", "b-2")
    ]
    return [
        Order.objects.create(buyer=buyer, product=product, quantity=quantity)
        for quantity, product in enumerate([*made, made[0]], 1)
    ]


def shown(rows: Callable[[], Any], *fields: str, model: type[models.Model] = Order) -> Any:
    """What clients see of the rows."""
    return receive(list[model], rows, fields=fields or FIELDS).data  # type: ignore[valid-type]


def statements(rows: Callable[[], Any], *fields: str, is_async: bool = False) -> str:
    """The SQL of the queries that showing these orders takes."""
    with CaptureQueriesContext(connection) as queries:
        result = receive(list[Order], rows, is_async=is_async, fields=fields)
    assert len(result.data) == 3
    return ";\n".join(each["sql"] for each in queries.captured_queries if "shop_" in each["sql"])


@pytest.mark.implementation
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_columns_that_are_not_shown_are_not_fetched(is_async: bool) -> None:
    def rows() -> QuerySet[Order]:
        return Order.objects.select_related("product", "buyer")

    sql = statements(rows, *FIELDS, is_async=is_async)

    assert sql.count("SELECT") == 1
    assert not [each for each in ("password", "stock", "price") if each in sql]


@pytest.mark.implementation
def test_relations_are_joined_where_the_query_says_so_alone() -> None:
    joined = statements(lambda: Order.objects.select_related("product"), "product__sku")
    followed = statements(Order.objects.all, "product__sku")

    assert (joined.count("SELECT"), joined.count("JOIN")) == (1, 1)
    assert (followed.count("SELECT"), followed.count("JOIN")) == (4, 0)
    assert "JOIN" not in statements(Order.objects.all, "id", "product")


@pytest.mark.parametrize(
    "rows",
    [
        Order.objects.all,
        lambda: Order.objects.select_related(),
        lambda: Order.objects.select_related("product"),
        lambda: Order.objects.select_related("product", "buyer"),
        lambda: Order.objects.select_related("product", "buyer").order_by("-product__sku")[:2],
        lambda: Order.objects.select_related("product", "buyer").only(
            "quantity", "buyer", "product"
        ),
        lambda: Order.objects.prefetch_related("product", "buyer"),
        lambda: Order.objects.order_by("quantity").distinct(),
        lambda: Order.objects.annotate(stock=F("product__stock")),
        lambda: Order.objects.extra(select={"double": "quantity * 2"}),
        lambda: Order.objects.filter(quantity=1).union(Order.objects.filter(quantity=3)),
        lambda: Order.objects.select_for_update(
            of=["self"] if connection.vendor != "sqlite" else []
        ),
        Order.objects.none,
    ],
)
def test_rows_are_those_that_instances_show(rows: Callable[[], QuerySet[Order]]) -> None:
    assert shown(rows) == shown(lambda: list(rows()))


@pytest.mark.implementation
@pytest.mark.parametrize("ordering", ["product", "-product"])
def test_rows_that_are_ordered_by_a_relation_are_in_the_order_of_its_model(ordering: str) -> None:
    Product.objects.filter(sku="a-1").update(sku="c-3")

    def rows() -> QuerySet[Order]:
        return Order.objects.order_by(ordering, "pk")

    assert shown(rows, "id", "product") == shown(lambda: list(rows()), "id", "product")
    assert "quantity" not in statements(rows, "id")


def test_rows_that_differ_in_what_is_not_shown_stay_apart() -> None:
    rows = shown(lambda: Order.objects.order_by("pk").distinct(), "product__sku")

    assert len(rows) == 3


def test_what_the_tool_has_done_to_its_rows_is_shown() -> None:
    def rows() -> QuerySet[Product]:
        found = Product.objects.all()
        for product in found:
            product.name = product.name.upper()
        return found

    assert shown(rows, "name", model=Product) == [{"name": "A-1"}, {"name": "B-2"}]


@pytest.mark.implementation
def test_columns_of_plain_kinds_alone_are_fetched_alone() -> None:
    Shipment.objects.create(product=Product.objects.all()[0], country="NZ", facts={"a": [1]})

    def sql(*fields: str) -> str:
        with CaptureQueriesContext(connection) as queries:
            shown(Shipment.objects.all, *fields, model=Shipment)
        (found,) = [e["sql"] for e in queries.captured_queries if "shop_shipment" in e["sql"]]
        return found

    assert "photo" not in sql("fee", "sent_at", "status", "facts", "history", "double", "address")
    for field in ("country", "phone", "worth", "place", "seal", "get_status_display"):
        assert "photo" in sql(field)


class Loud(QuerySet[Any]):
    """Changes what it has fetched."""

    def _fetch_all(self) -> None:
        super()._fetch_all()
        for product in self._result_cache or ():
            product.name = product.name.upper()


class Upper(DeferredAttribute):
    """Shows a column in its own way."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        return self if instance is None else instance.__dict__["name"].upper()

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__["name"] = value


@pytest.fixture
def own_ways() -> Iterator[dict[str, type[models.Model]]]:
    """Models that see to their instances themselves, over the table of the products."""
    with isolate_apps("tests.shop"):

        class ByLoading(Product):
            class Meta:
                proxy = True
                app_label = "shop"

            @classmethod
            def from_db(cls, *args: Any, **kwargs: Any) -> "ByLoading":
                instance = super().from_db(*args, **kwargs)
                instance.name = instance.name.upper()
                return instance

        class ByMaking(Product):
            class Meta:
                proxy = True
                app_label = "shop"

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.name = self.name.upper()

        class ByDescriptor(Product):
            name = Upper(Product._meta.get_field("name"))

            class Meta:
                proxy = True
                app_label = "shop"

        class ByListening(Product):
            class Meta:
                proxy = True
                app_label = "shop"

        class ByFetching(Product):
            objects = Loud.as_manager()

            class Meta:
                proxy = True
                app_label = "shop"

        class ByProperty(Product):
            class Meta:
                proxy = True
                app_label = "shop"

            @property
            def loud_name(self) -> str:
                return self.name.upper()

        def listen(instance: Product, **kwargs: Any) -> None:
            instance.name = instance.name.upper()

        post_init.connect(listen, sender=ByListening)
        yield {
            each.__name__: each
            for each in (ByLoading, ByMaking, ByDescriptor, ByListening, ByFetching, ByProperty)
        }
        post_init.disconnect(listen, sender=ByListening)


@pytest.mark.parametrize(
    "way", ["ByLoading", "ByMaking", "ByDescriptor", "ByListening", "ByFetching"]
)
def test_model_that_sees_to_its_instances_itself_is_shown_by_them(
    own_ways: dict[str, type[models.Model]], way: str
) -> None:
    model = own_ways[way]

    assert shown(model._default_manager.all, "name", model=model) == [
        {"name": "A-1"},
        {"name": "B-2"},
    ]


def test_properties_are_shown_beside_columns(own_ways: dict[str, type[models.Model]]) -> None:
    model = own_ways["ByProperty"]

    rows = shown(model._default_manager.all, "name", "loud_name", model=model)

    assert [row["loud_name"] for row in rows] == ["A-1", "B-2"]
    assert [row["name"] for row in rows] == ["a-1", "b-2"]
