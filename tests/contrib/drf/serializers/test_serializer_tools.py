"""Tools with a serializer: what clients send it, and what it shows them."""

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db.models import QuerySet
from jsonschema import Draft202012Validator
from pytest_django import Settings
from rest_framework import serializers as s

from django_mcp import ToolContext, tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.calls import offering
from tests.shop.models import Order, Product, Shelf
from tests.tools.single_tools import resolved, unlocated

pytestmark = pytest.mark.django_db

SYNC_AND_ASYNC = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class ProductSerializer(s.ModelSerializer):
    """Products, as the REST API has them."""

    class Meta:
        model = Product
        fields = ("id", "sku", "name", "price")


class OrderSerializer(s.ModelSerializer):
    """Orders of the user who asks."""

    buyer = s.HiddenField(default=s.CurrentUserDefault())
    shopper = s.CharField(source="buyer.username", read_only=True)
    is_mine = s.SerializerMethodField()
    note = s.CharField(write_only=True, required=False, max_length=5)
    link = s.HyperlinkedIdentityField("shipment")

    class Meta:
        model = Order
        fields = (
            *("id", "buyer", "shopper", "product", "quantity", "is_mine", "note", "link"),
            "deliver_on",
        )

    def get_is_mine(self, order: Order) -> bool:
        return bool(order.buyer == self.context["request"].user)

    def validate_quantity(self, quantity: int) -> int:
        if quantity == 13:
            raise s.ValidationError("Nobody buys thirteen.")
        return quantity

    def validate(self, data: Any) -> Any:
        if data.pop("note", None) == "bad":
            raise s.ValidationError("Not like this.")
        return data


class PlainSerializer(s.Serializer):
    sku = s.CharField()


@pytest.fixture(autouse=True)
def urls(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.contrib.drf.urls"


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def tea() -> Product:
    return Product.objects.create(sku="tea", name="Tea", price="3.50")


def as_async(function: Callable[..., Any], *, is_async: bool) -> Callable[..., Any]:
    """The function itself, or an async one that does the same on a thread."""
    if not is_async:
        return function

    async def acall(**arguments: Any) -> Any:
        return await sync_to_async(function)(**arguments)

    acall.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    acall.__annotations__ = function.__annotations__
    acall.__name__, acall.__doc__ = function.__name__, function.__doc__
    return acall


def buy(order: OrderSerializer) -> Order:
    """Buy something."""
    bought: Order = order.save()
    return bought


SCHEMA = {
    "type": "object",
    "properties": {
        "product": {"type": "integer"},
        "quantity": {"type": "integer", "minimum": 0},
        "note": {"type": "string", "minLength": 1, "maxLength": 5, "writeOnly": True},
        "deliver_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
    },
    "required": ["product", "quantity"],
    "additionalProperties": False,
}


def test_clients_send_the_fields_of_the_serializer_beside_other_parameters() -> None:
    def buy_as(order: OrderSerializer, coupon: str, user: User) -> None:
        """Buy something.

        Args:
            coupon: What makes it cheaper.
        """

    assert resolved(buy, serializer=OrderSerializer).input_schema == SCHEMA
    assert resolved(buy_as, serializer=OrderSerializer).input_schema == {
        **SCHEMA,
        "properties": {
            "coupon": {"description": "What makes it cheaper.", "type": "string"},
            **SCHEMA["properties"],  # type: ignore[dict-item]
        },
        "required": ["coupon", "product", "quantity"],
    }


@SYNC_AND_ASYNC
@pytest.mark.parametrize("background", [False, True], ids=["at once", "background"])
def test_function_saves_what_the_serializer_has_validated(
    ann: User, tea: Product, *, is_async: bool, background: bool
) -> None:
    function = as_async(buy, is_async=is_async)

    with offering(function, serializer=OrderSerializer, background=background):
        result = MCPClient(ann).call("buy", product=tea.pk, quantity=2, note=" now  ")

    order = Order.objects.get()
    assert (order.buyer, order.product, order.quantity) == (ann, tea, 2)
    assert result.data == {
        "id": order.pk,
        "shopper": "ann",
        "product": tea.pk,
        "quantity": 2,
        "is_mine": True,
        "link": f"http://testserver/shipments/{order.pk}/",
        "deliver_on": None,
    }


@SYNC_AND_ASYNC
def test_errors_of_the_serializer_are_those_of_arguments(
    ann: User, tea: Product, *, is_async: bool
) -> None:
    with offering(as_async(buy, is_async=is_async), serializer=OrderSerializer):
        client = MCPClient(ann)
        refused = client.call("buy", product=tea.pk + 1, quantity=13)
        whole = client.call("buy", product=tea.pk, quantity=1, note="bad")
        unlike = client.call("buy", product="tea", quantiti=1)

    assert refused.error["kind"] == whole.error["kind"] == unlike.error["kind"]
    assert refused.error["kind"] == "invalid_arguments"
    assert refused.error["hint"] == (
        "- product: There is no such object.\n- quantity: Nobody buys thirteen."
    )
    assert whole.text == "Not like this."
    assert sorted(unlike.error["hint"].splitlines()) == [
        "- product: must be an integer",
        "- quantiti: is not known here; remove it",
        "- quantity: is required",
    ]
    assert not Order.objects.exists()
    assert set(CallRecord.objects.values_list("outcome", flat=True)) == {"invalid_arguments"}


def test_whitespace_that_the_serializer_removes_is_not_counted(ann: User, tea: Product) -> None:
    with offering(buy, serializer=OrderSerializer):
        client = MCPClient(ann)
        taken = client.call("buy", product=tea.pk, quantity=1, note="   12345   ")
        refused = client.call("buy", product=tea.pk, quantity=1, note="   123456   ")

    assert not taken.is_error
    assert refused.error["hint"] == "- note: must have at most 5 characters"


class LimitsSerializer(s.Serializer):
    """A field for each limit that a schema publishes."""

    code = s.RegexField("^[A-Z]+$", min_length=2)
    size = s.IntegerField(min_value=1, max_value=9, required=False)
    few = s.ListField(child=s.CharField(), min_length=1, max_length=2, required=False)


@pytest.mark.parametrize(
    ("sent", "reasons"),
    [
        ({"code": "A"}, ["code: must have at least 2 characters"]),
        ({"code": "ab"}, ["code: must match the pattern ^[A-Z]+$"]),
        ({"code": "AB", "size": 0}, ["size: must be at least 1"]),
        ({"code": "AB", "size": 10}, ["size: must be at most 9"]),
        ({"code": "AB", "few": []}, ["few: must have at least 1 item"]),
        ({"code": "AB", "few": ["a", "b", "c"]}, ["few: must have at most 2 items"]),
    ],
)
def test_limits_of_the_schema_are_refused_in_words(sent: Any, reasons: list[str]) -> None:
    def look(limits: LimitsSerializer) -> None:
        """Look at it."""

    with offering(look, serializer=LimitsSerializer):
        result = MCPClient().call("look", **sent)

    assert result.error["hint"].splitlines() == [f"- {each}" for each in reasons]


def test_serializer_is_given_the_call_by_its_request(ann: User) -> None:
    seen: list[Any] = []

    def look(order: PlainSerializer, context: ToolContext, times: int = 1) -> None:
        """Look at the request."""
        request = order.context["request"]
        seen.extend([request.user, request.mcp.call_id == context.call_id, times, order.data])

    with offering(look, serializer=PlainSerializer):
        result = MCPClient(ann).call("look", sku="tea", times=2)

    assert not result.is_error, result.text
    assert seen == [ann, True, 2, {"sku": "tea"}]


def prepared(request: Any, principal: Any) -> None:
    request.tenant = "north"


def test_request_is_prepared_as_those_of_views_are(ann: User, settings: Settings) -> None:
    settings.DJANGO_MCP_DRF_REQUEST = f"{__name__}.prepared"

    class TenantSerializer(s.Serializer):
        sku = s.CharField()

        def validate_sku(self, sku: str) -> str:
            return f"{self.context['request'].tenant}-{sku}"

    def look(order: TenantSerializer) -> str:
        """Look at the tenant."""
        return str(order.validated_data["sku"])

    look.__annotations__["order"] = TenantSerializer
    with offering(look, serializer=TenantSerializer):
        result = MCPClient(ann).call("look", sku="tea")

    assert result.data == "north-tea"


def one() -> Product:
    return Product.objects.get()


def none() -> None:
    return None


def several() -> list[Product]:
    return [Product.objects.get()]


def query() -> QuerySet[Product]:
    return Product.objects.all()


SHOWN = {"sku": "tea", "name": "Tea", "price": "3.50"}

RESULTS: dict[str, tuple[Any, Callable[[], Any], Any]] = {
    "model": (Product, one, SHOWN),
    "model or None": (Product | None, one, SHOWN),
    "None": (Product | None, none, None),
    "list": (list[Product], several, [SHOWN]),
    "queryset": (QuerySet[Product], query, [SHOWN]),
    "manager": (list[Product], lambda: Product.objects, [SHOWN]),
    "serializer": (ProductSerializer, lambda: ProductSerializer(one()), SHOWN),
    "data": (ProductSerializer, lambda: ProductSerializer(one()).data, SHOWN),
    "instance for a serializer": (ProductSerializer, one, SHOWN),
    "list of serializers": (
        list[ProductSerializer],
        lambda: [ProductSerializer(each) for each in query()],
        [SHOWN],
    ),
    "list of data": (
        list[ProductSerializer],
        lambda: ProductSerializer(query(), many=True).data,
        [SHOWN],
    ),
}


@SYNC_AND_ASYNC
@pytest.mark.parametrize("name", RESULTS)
def test_results_are_what_the_serializer_renders(
    tea: Product, name: str, *, is_async: bool
) -> None:
    annotation, value, shown = RESULTS[name]

    def give() -> Any:
        """Give something."""
        return value()

    give.__annotations__["return"] = annotation
    function = as_async(give, is_async=is_async)
    with offering(function, read_only=True, serializer=ProductSerializer) as registry:
        result = MCPClient().call("give")
        schema = next(iter(registry.of(Tool).values())).output_schema

    expected = [{"id": tea.pk, **each} for each in shown] if isinstance(shown, list) else shown
    expected = {"id": tea.pk, **expected} if isinstance(expected, dict) else expected
    assert result.data == expected
    assert Draft202012Validator(schema or {}).is_valid(result.structured)
    assert not Draft202012Validator(schema or {}).is_valid({})


def test_queryset_is_served_in_pages(tea: Product) -> None:
    Product.objects.create(sku="cup", name="Cup", price=1)

    def products() -> QuerySet[Product]:
        """List products."""
        return Product.objects.order_by("sku")

    with offering(products, read_only=True, serializer=ProductSerializer, page_size=1):
        first = MCPClient().call("products").structured
        second = MCPClient().call("products", cursor=first["next"]).structured

    assert [row["sku"] for row in (*first["result"], *second["result"])] == ["cup", "tea"]
    assert second["next"] is None


def test_pages_are_rendered_for_their_caller(ann: User, tea: Product) -> None:
    Order.objects.create(buyer=ann, product=tea, quantity=1)

    def orders() -> QuerySet[Order]:
        """List orders."""
        return Order.objects.all()

    shown: list[Any] = []
    for options in ({"page_size": 5}, {"overflow": "truncate"}, {"overflow": "link"}, {}):
        with offering(orders, read_only=True, serializer=OrderSerializer, **options):
            for user in (ann, User.objects.create_user(f"user{len(shown)}")):
                rows = MCPClient(user).call("orders").structured["result"]
                shown.append([row["is_mine"] for row in rows])

    assert shown == [[True], [False]] * 4


def test_results_that_break_the_schema_are_not_sent(tea: Product) -> None:
    class WrongSerializer(ProductSerializer):
        name = s.SerializerMethodField()

        def get_name(self, product: Product) -> int:
            return "five"  # type: ignore[return-value]

    with offering(lambda_named("give", Product, one), read_only=True, serializer=WrongSerializer):
        result = MCPClient().call("give")

    assert result.is_error
    assert result.error["kind"] == "failed"


def lambda_named(name: str, returns: Any, value: Callable[[], Any]) -> Callable[..., Any]:
    def give() -> Any:
        """Give something."""
        return value()

    give.__name__ = name
    give.__annotations__["return"] = returns
    return give


def test_fields_are_shown_in_place_of_what_the_serializer_renders(ann: User, tea: Product) -> None:
    with offering(buy, serializer=OrderSerializer, fields=["quantity"]):
        result = MCPClient(ann).call("buy", product=tea.pk, quantity=2)

    assert result.data == {"quantity": 2}


def test_data_of_other_types_is_returned_beside_a_serializer_for_arguments() -> None:
    def price(product: PlainSerializer) -> Decimal:
        """Say what it costs."""
        return Decimal("1.50")

    with offering(price, serializer=PlainSerializer, read_only=True):
        result = MCPClient().call("price", sku="tea")

    assert result.data == "1.50"


def test_schema_extra_describes_the_fields() -> None:
    extra = {"properties": {"sku": {"examples": ["tea"]}}}

    def look(order: PlainSerializer) -> None:
        """Look at it."""

    found = resolved(look, serializer=PlainSerializer, schema_extra=extra)

    assert found.input_schema["properties"]["sku"]["examples"] == ["tea"]


class UploadSerializer(s.Serializer):
    scan = s.FileField()


class BrokenSerializer(s.ModelSerializer):
    class Meta:
        model = Product


def clash(order: PlainSerializer, sku: str) -> None:
    """Clash."""


def twice(order: PlainSerializer, other: PlainSerializer) -> None:
    """Take two."""


def optional(order: PlainSerializer | None) -> None:
    """Take one or none."""


def unused(sku: str) -> str:
    """Use none."""
    return sku


def other() -> Shelf:
    """Return something else."""
    return Shelf()


def lists() -> list[Product] | None:
    """Return a list, or none."""


def upload(order: UploadSerializer) -> None:
    """Take a file."""


def broken(order: BrokenSerializer) -> None:
    """Take what has no fields."""


UNUSED = (
    "serializer=PlainSerializer is of no use: annotate a parameter with it, or return it, "
    "objects of its model or a queryset of them"
)

PROBLEMS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a clash": (
        clash,
        {"serializer": PlainSerializer},
        "parameter 'sku' is called like a field of PlainSerializer: rename it",
    ),
    "two parameters": (
        twice,
        {"serializer": PlainSerializer},
        "has two parameters of PlainSerializer: order, other",
    ),
    "an optional parameter": (
        optional,
        {"serializer": PlainSerializer},
        "parameter 'order' must be annotated with PlainSerializer alone",
    ),
    "no use of it": (
        unused,
        {"serializer": PlainSerializer},
        UNUSED,
    ),
    "another model": (
        other,
        {"serializer": ProductSerializer},
        "it returns a Shelf, and ProductSerializer is for a Product",
    ),
    "a list or None": (
        lists,
        {"serializer": ProductSerializer},
        "return an empty list rather than None",
    ),
    "a file": (
        upload,
        {"serializer": UploadSerializer},
        "field 'scan' is a file, which no argument can carry",
    ),
    "an instance": (
        unused,
        {"serializer": PlainSerializer()},
        "serializer must be a serializer class, not PlainSerializer():\n    sku = CharField()",
    ),
    "no class of REST framework": (
        unused,
        {"serializer": int},
        "serializer must be a serializer class, not <class 'int'>",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_declaration_that_cannot_work_is_refused_in_words(name: str) -> None:
    function, options, problem = PROBLEMS[name]

    with pytest.raises(ToolRegistrationError) as raised:
        resolved(function, **options)

    assert unlocated(str(raised.value)).endswith(f"{function.__name__}: {problem}")


def test_serializer_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ToolRegistrationError, match="BrokenSerializer cannot be read: "):
        resolved(broken, serializer=BrokenSerializer)


def test_preparation_cannot_complete_a_serializer() -> None:
    def prepare(order: Any) -> None: ...

    with pytest.raises(ToolRegistrationError, match="prepare is not for tools whose parameter is"):
        resolved(buy, serializer=OrderSerializer, background=True, prepare=prepare)


def test_declared_function_is_given_back_unchanged() -> None:
    assert tool(serializer=OrderSerializer)(buy) is buy
