"""Querysets that are served in pages."""

import datetime
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext, isolate_apps
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field
from pytest_django import Settings

from django_mcp import tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import collecting
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import offering, serving_declared
from tests.shop.models import Order, Product
from tests.tools.single_tools import resolved, returning

pytestmark = pytest.mark.django_db

SYNC_AND_ASYNC = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
REFUSAL = (
    "The arguments are invalid.\n"
    "- cursor: is no `next` of this list for these arguments; leave it out to start again"
)


class Sold(BaseModel):
    id: int
    quantity: int


@pytest.fixture(autouse=True)
def orders() -> list[Order]:
    """Seven orders, with equal values and nulls in what they can be ordered by."""
    ann, bob = User.objects.create_user("ann"), User.objects.create_user("bob")
    products = [
        Product.objects.create(sku=sku, name=name, price=price, stock=stock)
        for sku, name, price, stock in (
            ("c", "Cherry", "1.50", 1),
            ("a", "apple", "0.10", 2),
            ("b", "Banana", "1.50", 2),
        )
    ]
    days = [None, datetime.date(2026, 1, 2), None, datetime.date(2026, 1, 1)]
    return [
        Order.objects.create(
            buyer=(ann, bob)[n % 2], product=products[n % 3], quantity=n % 3, deliver_on=days[n % 4]
        )
        for n in range(7)
    ]


@contextmanager
def temporary_table(field: "models.Field[Any, Any]") -> Iterator[Any]:
    """A model with the field `value`, whose table exists while the block runs."""
    with isolate_apps("tests.shop"):

        class Thing(models.Model):  # noqa: DJ008
            value = field.clone()

            class Meta:
                app_label = "shop"

        with temporary_model(Thing):
            yield Thing


@contextmanager
def temporary_model(model: "type[models.Model]") -> Iterator[Any]:
    """A model whose table exists while the block runs."""
    with connection.schema_editor() as editor:
        editor.create_model(model)
    try:
        yield model
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(model)


def pages(
    queryset: Callable[[], Any],
    *,
    annotation: Any = list[Order],
    size: int = 3,
    is_async: bool = False,
    **options: Any,
) -> list[Any]:
    """The rows of every page, one page after the other."""
    options.setdefault("fields", ["id"] if annotation == list[Order] else ())
    found: list[Any] = []
    arguments: dict[str, Any] = {}
    with offering(
        returning(annotation, queryset, is_async=is_async),
        read_only=True,
        page_size=size,
        **options,
    ):
        (listed,) = MCPClient().list_tools()
        assert listed.output_schema is not None
        while True:
            result = MCPClient().call("give", **arguments)
            assert not result.is_error, result.text
            Draft202012Validator(listed.output_schema).validate(result.structured)
            found.append(result.structured["result"])
            arguments = {"cursor": result.structured["next"]}
            if result.structured["next"] is None:
                return found


def keys(found: list[Any]) -> list[Any]:
    return [row["id"] for page in found for row in page]


@SYNC_AND_ASYNC
def test_page_has_its_rows_and_the_cursor_of_the_next(orders: list[Order], is_async: bool) -> None:
    found = pages(Order.objects.all, is_async=is_async)

    assert [len(page) for page in found] == [3, 3, 1]
    assert keys(found) == [order.pk for order in orders]


@pytest.mark.parametrize("size", [1, 2, 6, 7, 8])
def test_last_page_has_no_next(orders: list[Order], size: int) -> None:
    found = pages(Order.objects.all, size=size)

    assert keys(found) == [order.pk for order in orders]
    assert all(len(page) == size for page in found[:-1])
    assert found[-1]


def test_no_rows_are_one_empty_page() -> None:
    assert pages(Order.objects.none) == [[]]
    assert pages(lambda: Order.objects.filter(quantity=99)) == [[]]


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize(
    "ordering",
    [
        ["quantity"],
        ["-quantity"],
        ["deliver_on"],
        ["-deliver_on"],
        ["deliver_on", "-quantity"],
        ["-deliver_on", "quantity", "-pk"],
        [F("deliver_on").asc(nulls_first=True)],
        [F("deliver_on").asc(nulls_last=True), "quantity"],
        [F("deliver_on").desc(nulls_first=True)],
        [F("deliver_on").desc(nulls_last=True)],
        [F("quantity")],
        ["product__name", "-id"],
        ["product__price", "product__stock"],
        ["product"],
        ["-product", "deliver_on"],
        ["product_id"],
        ["product__pk"],
        ["buyer__username", "-product__name"],
        ["buyer"],
        ["id", "quantity"],
        ["product__added", "quantity"],
    ],
    ids=str,
)
def test_every_row_comes_once_in_the_order_of_the_queryset(ordering: list[Any], size: int) -> None:
    def queryset() -> QuerySet[Order]:
        return Order.objects.order_by(*ordering)

    found = keys(pages(queryset, size=size))
    shown = list(queryset().in_bulk().values())
    by_key = {order.pk: order for order in shown}
    # Rows that are equal to the ordering may come in any order.
    names = [str(each).removeprefix("-") for each in ordering if isinstance(each, str)]
    names = ["product__sku" if name == "product" else name for name in names]
    expected = list(queryset().values_list(*names)) if names else None

    assert sorted(found) == sorted(by_key)
    if expected is not None and len(names) == len(ordering):
        values = {row[0]: row[1:] for row in Order.objects.values_list("pk", *names)}
        assert [values[key] for key in found] == expected
    else:
        days = list(queryset().values_list("deliver_on", flat=True))
        assert [by_key[key].deliver_on for key in found] == days or names == []


@pytest.mark.parametrize(
    "queryset",
    [
        lambda: Order.objects.reverse(),
        lambda: Order.objects.order_by("deliver_on", "pk").reverse(),
        lambda: Order.objects.order_by("deliver_on", "-pk"),
        lambda: Order.objects.order_by(F("deliver_on").desc(nulls_last=True), "pk").reverse(),
        lambda: Order.objects.select_related("product").order_by("product__sku", "pk"),
        lambda: Order.objects.prefetch_related("product").order_by("-pk"),
        lambda: Order.objects.only("quantity").order_by("-pk"),
        lambda: (
            Order.objects.filter(Q(quantity=1) | Q(product__orders__quantity=2))
            .distinct()
            .order_by("-product__sku", "pk")
        ),
        lambda: Order.objects.annotate(lower=Lower("product__name")).order_by("lower", "pk"),
        lambda: Order.objects.annotate(n=Count("product__orders")).order_by("-n", "pk"),
    ],
)
@pytest.mark.parametrize("size", [1, 2])
def test_pages_of_any_queryset_are_its_rows(queryset: Any, size: int) -> None:
    assert keys(pages(queryset, size=size)) == list(queryset().values_list("pk", flat=True))


def test_default_order_of_related_models_is_followed() -> None:
    found = keys(pages(lambda: Order.objects.order_by("-product", "pk"), size=2))

    assert found == list(Order.objects.order_by("-product__sku", "pk").values_list("pk", flat=True))


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "queryset"),
    [
        (list[dict[str, Any]], lambda: Order.objects.values("id")),
        (list[dict[str, Any]], lambda: Order.objects.values("id").order_by("-quantity", "id")),
        (list[int], lambda: Order.objects.values_list("id", flat=True)),
        (
            list[int],
            lambda: Order.objects.order_by("-deliver_on", "id").values_list("id", flat=True),
        ),
        (list[tuple[int, int]], lambda: Order.objects.values_list("id", "quantity")),
        (list[tuple[int, int]], lambda: Order.objects.values_list("id", "quantity", named=True)),
        (list[Sold], lambda: Order.objects.values_list("id", "quantity", named=True)),
        (list[Sold], Order.objects.all),
        (list[Sold], lambda: Order.objects.order_by("-product__name", "pk")),
        (
            list[dict[str, Any]],
            lambda: (
                Order.objects.annotate(n=Count("product__orders"))
                .values("id", "n")
                .order_by("-n", "id")
            ),
        ),
    ],
)
def test_rows_of_every_kind_are_as_they_are_without_pages(
    annotation: Any, queryset: Any, is_async: bool
) -> None:
    found = pages(queryset, annotation=annotation, size=2, is_async=is_async)
    with offering(returning(annotation, queryset), read_only=True):
        whole = MCPClient().call("give").data

    assert [row for page in found for row in page] == whole
    assert [len(page) for page in found] == [2, 2, 2, 1]


@pytest.mark.parametrize(
    ("annotation", "options", "manager"),
    [
        (QuerySet, {"fields": ["id"]}, Order.objects),
        (list[Order], {"fields": ["id"]}, Order.objects),
        (list[Sold], {}, Order.objects),
    ],
)
def test_manager_is_all_of_its_rows(annotation: Any, options: dict[str, Any], manager: Any) -> None:
    found = pages(lambda: manager, annotation=annotation, **options)

    assert keys(found) == list(Order.objects.values_list("id", flat=True))


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "queryset", "fields"),
    [
        (
            list[Order],
            lambda: Order.objects.order_by("-product", "pk"),
            {"id": "id", "of": "product"},
        ),
        (
            list[Order],
            lambda: Order.objects.select_related("product").order_by("product__name", "pk"),
            {"id": "id", "sku": "product__sku"},
        ),
        (list[Order], lambda: Order.objects.annotate(n=F("quantity") + 1), ["id", "n"]),
        (list[Product], lambda: Product.objects.order_by("-name"), ["id", "orders__quantity"]),
    ],
)
def test_fields_of_every_kind_are_shown_in_pages(
    annotation: Any, queryset: Any, fields: Any, is_async: bool
) -> None:
    found = pages(queryset, annotation=annotation, size=2, is_async=is_async, fields=fields)
    rows = [row for page in found for row in page]
    with offering(returning(annotation, queryset), read_only=True, fields=fields):
        whole = MCPClient().call("give").data

    assert sorted(rows, key=str) == sorted(whole, key=str)
    assert [row["id"] for row in rows] == [each.pk for each in queryset()]


@pytest.mark.implementation
@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "queryset", "fields"),
    [
        (list[Order], lambda: Order.objects.order_by("product__name"), ["id", "quantity"]),
        (list[Order], lambda: Order.objects.select_related("product"), ["id", "product__sku"]),
        (list[Sold], lambda: Order.objects.order_by("product__name"), ()),
        (list[int], lambda: Order.objects.values_list("id", flat=True), ()),
    ],
)
def test_page_is_one_query_of_one_row_more(
    annotation: Any, queryset: Any, fields: Any, is_async: bool
) -> None:
    give = returning(annotation, queryset, is_async=is_async)
    with offering(give, read_only=True, fields=fields, page_size=5):
        first = MCPClient().call("give", limit=2)
        assert isinstance(first.structured, dict)
        with CaptureQueriesContext(connection) as queries:
            second = MCPClient().call("give", limit=2, cursor=first.structured["next"])
    statements = [each["sql"] for each in queries.captured_queries if "shop_order" in each["sql"]]

    assert len(second.data["result"]) == 2
    assert len(statements) == 1
    assert "LIMIT 3" in statements[0]
    if fields:
        assert "deliver_on" not in statements[0]  # it is not shown


def test_row_that_is_added_or_deleted_meanwhile_moves_no_other(orders: list[Order]) -> None:
    give = returning(list[Order], lambda: Order.objects.order_by("quantity"))
    with offering(give, read_only=True, fields=["id", "quantity"], page_size=3):
        first = MCPClient().call("give").data
        Order.objects.filter(pk=first["result"][-1]["id"]).delete()
        Order.objects.create(buyer=orders[0].buyer, product=orders[0].product, quantity=0)
        second = MCPClient().call("give", cursor=first["next"]).data
    new, *rest = Order.objects.filter(pk__gt=orders[6].pk), *Order.objects.filter(quantity=1)

    assert [row["id"] for row in second["result"]][1:] == [order.pk for order in rest]
    assert second["result"][0]["id"] == new.get().pk


def test_limit_is_at_most_the_size_of_a_page(orders: list[Order]) -> None:
    give = returning(list[Order], Order.objects.all)
    with offering(give, read_only=True, fields=["id"], page_size=3):
        shorter = MCPClient().call("give", limit=1)
        longer = MCPClient().call("give", limit=4)
        none = MCPClient().call("give", limit=0)

    assert len(shorter.data["result"]) == 1
    assert longer.error["hint"] == "- limit: must be at most 3"
    assert none.error["hint"] == "- limit: must be at least 1"


def test_parameters_and_result_of_pages_are_in_the_schemas() -> None:
    def search(text: str = "") -> list[Order]:
        """Search."""
        return []

    found = resolved(search, fields=["id"], page_size=50, read_only=True)

    assert found.input_schema["properties"] == {
        "text": {"type": "string", "default": ""},
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": 50,
            "description": "How many rows to return at most.",
        },
        "cursor": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "description": "The `next` of the page before, for the same other arguments. Leave it "
            "out to start with the first page.",
        },
    }
    assert "required" not in found.input_schema
    assert found.output_schema is not None
    assert found.output_schema["required"] == ["result", "next"]
    assert found.output_schema["properties"]["next"] == {
        "anyOf": [{"type": "string"}, {"type": "null"}],
        "description": "The `cursor` of the next page; null after the last row.",
    }


@pytest.mark.parametrize("size", [0, -1, True, "50", 1.5])
def test_size_of_pages_that_is_no_positive_integer_is_an_error(size: Any) -> None:
    with pytest.raises(ToolRegistrationError, match="page_size must be a positive integer"):
        resolved(returning(list[Order], None), fields=["id"], page_size=size)


@pytest.mark.parametrize("name", ["limit", "cursor"])
def test_own_parameter_of_that_name_is_an_error(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def act({name}: int = 3) -> list[int]: 'Act.'", {}, namespace)
    with pytest.raises(ToolRegistrationError, match=f"page_size adds a parameter '{name}'"):
        resolved(namespace["act"], page_size=3)


def test_own_parameter_that_clients_call_so_is_an_error() -> None:
    def act(top: Annotated[int, Field(alias="limit")] = 3) -> list[int]:
        """Act."""
        return [top]

    with pytest.raises(ToolRegistrationError, match="two parameters are called 'limit' by clients"):
        resolved(act, page_size=3)


@pytest.mark.parametrize(
    "annotation", [int, dict[str, int], Sold, list[int] | None, tuple[int, str], Any, None, ...]
)
def test_what_has_no_rows_cannot_have_pages(annotation: Any) -> None:
    with pytest.raises(ToolRegistrationError, match="page_size needs a return annotation of rows"):
        resolved(returning(annotation, None), page_size=3)


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("queryset", "words"),
    [
        (list, "must return a queryset"),
        (lambda: Order.objects.all()[:2], "is sliced"),
        (lambda: Order.objects.union(Order.objects.all()), "is a union"),
        (lambda: Order.objects.order_by("?"), "ordered by '?'"),
        (lambda: Order.objects.order_by(Lower("product__name")), "ordered by Lower"),
        (lambda: Order.objects.values("quantity").distinct(), "distinct values"),
        (lambda: Order.objects.values("quantity").annotate(n=Count("pk")), "groups its rows"),
        (lambda: Order.objects.extra(select={"one": "1"}), "uses extra()"),
    ],
)
def test_queryset_without_a_place_for_each_row_is_named_in_the_log(
    queryset: Any, words: str, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    give = returning(list[dict[str, Any]], queryset, is_async=is_async)
    with caplog.at_level(logging.ERROR), offering(give, read_only=True, page_size=3):
        result = MCPClient().call("give")

    assert result.text.startswith("The call failed.")
    assert words in caplog.text


class TestCursor:
    """A cursor is good for its tool, its user and its other arguments alone."""

    @pytest.fixture
    def client(self) -> MCPClient:
        return MCPClient(User.objects.get(username="ann"))

    @pytest.fixture(autouse=True)
    def _tools(self) -> Any:
        with collecting() as declared:

            @tool(read_only=True, fields=["id"], page_size=2)
            def one(least: int = 0, ordering: str = "pk") -> list[Order]:
                """List."""
                called.append(ordering)
                order = orderings[0] if orderings else ordering
                return Order.objects.filter(quantity__gte=least).order_by(order)  # type: ignore[return-value]

            @tool(read_only=True, fields=["id"], page_size=2)
            def other(least: int = 0) -> list[Order]:
                """List."""
                return Order.objects.filter(quantity__gte=least)  # type: ignore[return-value]

        called: list[str] = []
        orderings: list[str] = []
        self.called, self.orderings = called, orderings
        with serving_declared(declared):
            yield

    def cursor(self, client: MCPClient, **arguments: Any) -> str:
        return str(client.call("one", **arguments).data["next"])

    def refused(self, result: ToolResult) -> None:
        assert result.text == REFUSAL
        assert CallRecord.objects.latest().outcome == "invalid_arguments"

    def test_is_taken_for_the_same_call_with_another_limit(self, client: MCPClient) -> None:
        cursor = self.cursor(client, least=1)

        assert not client.call("one", least=1, cursor=cursor, limit=1).is_error
        assert not client.call("one", limit=1.0, least=1, cursor=cursor).is_error

    def test_of_null_is_the_first_page(self, client: MCPClient) -> None:
        assert client.call("one", cursor=None).data["result"] == client.call("one").data["result"]

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [("other", {}), ("one", {"least": 1}), ("one", {"least": 0}), ("one", {"ordering": "-pk"})],
    )
    def test_of_another_call_is_refused(
        self, client: MCPClient, name: str, arguments: dict[str, Any]
    ) -> None:
        cursor = self.cursor(client)
        self.called.clear()

        self.refused(client.call(name, cursor=cursor, **arguments))
        assert self.called == []  # before the tool runs

    @pytest.mark.parametrize("user", ["bob", None])
    def test_of_another_user_is_refused(self, client: MCPClient, user: str | None) -> None:
        other = None if user is None else User.objects.get(username=user)

        self.refused(MCPClient(other).call("one", cursor=self.cursor(client)))

    @pytest.mark.parametrize("change", ["", "x", "\u00e9", "gAAAAA", "tamper", "cut", "longer"])
    def test_that_was_made_up_is_refused(self, client: MCPClient, change: str) -> None:
        cursor = self.cursor(client)
        other = "A" if cursor[40] != "A" else "B"
        tampered = {
            "tamper": cursor[:40] + other + cursor[41:],
            "cut": cursor[:-4],
            "longer": f"{cursor}x",
        }

        self.refused(client.call("one", cursor=tampered.get(change, change)))

    def test_of_another_key_is_refused(self, client: MCPClient, settings: Settings) -> None:
        cursor = self.cursor(client)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
        assert not client.call("one", cursor=cursor).is_error

        settings.SECRET_KEY_FALLBACKS = []
        self.refused(client.call("one", cursor=cursor))

    def test_of_another_order_is_refused(self, client: MCPClient) -> None:
        cursor = self.cursor(client)
        self.orderings.append("quantity")

        assert client.call("one", cursor=cursor).text == REFUSAL

    def test_tells_nothing_of_what_rows_are_ordered_by(self, client: MCPClient) -> None:
        cursor = self.cursor(client, ordering="product__name")

        assert "apple" not in cursor
        assert len(cursor) < 400


def test_pages_are_longer_than_unpaged_results_where_their_tool_says_so(
    settings: Settings,
) -> None:
    settings.DJANGO_MCP_MAX_ROWS = 2
    assert len(pages(Order.objects.all, size=5)[0]) == 5


def test_page_of_too_many_bytes_is_refused(settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 300
    give = returning(list[Order], Order.objects.all)
    with offering(give, read_only=True, fields=["id", "quantity", "product__name"], page_size=7):
        whole = MCPClient().call("give")
        part = MCPClient().call("give", limit=1)

    assert CallRecord.objects.filter(outcome="too_large").count() == 1
    assert whole.error["error"] == "The result is larger than 300 bytes."
    assert not part.is_error, part.text


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (models.DecimalField(max_digits=20, decimal_places=8), [Decimal("0E-8"), Decimal("1.5")]),
        (models.FloatField(), [0.1, 0.30000000000000004, 1e-9]),
        (
            models.DateTimeField(),
            [NOON, NOON + datetime.timedelta(microseconds=1)],
        ),
        (models.TimeField(), [datetime.time(1, 2, 3, 4), datetime.time(1, 2, 3, 5)]),
        (models.DurationField(), [datetime.timedelta(microseconds=-1), datetime.timedelta(days=3)]),
        (
            models.UUIDField(),
            [uuid.UUID(int=10), uuid.UUID(int=11)],
        ),
        (models.BooleanField(), [False, True]),
        (models.CharField(max_length=9), ["", "a", "B", "\u00e9"]),
        (models.GenericIPAddressField(), ["10.0.0.1", "10.0.0.2"]),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.django_db(transaction=True)
def test_order_by_a_field_of_any_kind(field: Any, values: list[Any]) -> None:
    with temporary_table(field) as model:
        model.objects.bulk_create(model(value=value) for value in [*values, *values])
        for ordering in ("value", "-value"):
            rows = model.objects.order_by(ordering)
            keys_of = partial(rows.values_list, "pk", flat=True)
            found = pages(keys_of, annotation=list[int], size=1)
            seen = [key for (key,) in found]

            assert sorted(seen) == sorted(model.objects.values_list("pk", flat=True))
            by_key = dict(model.objects.values_list("pk", "value"))
            assert [by_key[key] for key in seen] == list(rows.values_list("value", flat=True))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("ordering", "total"),
    [
        ([], ["hall", "number"]),
        (["pk"], ["hall", "number"]),
        (["-pk"], ["-hall", "-number"]),
        (["hall"], ["hall", "number"]),
        (["-number"], ["-number", "-hall"]),
        (["hall", "pk"], ["hall", "number"]),
    ],
)
@pytest.mark.django_db(transaction=True)
@isolate_apps("tests.shop")
def test_pages_follow_a_composite_key(ordering: list[str], total: list[str], size: int) -> None:
    class Place(models.Model):  # noqa: DJ008
        pk = models.CompositePrimaryKey("hall", "number")
        hall = models.CharField(max_length=9)
        number = models.IntegerField()

        class Meta:
            app_label = "shop"

    with temporary_model(Place) as places:
        for hall in ("north", "south"):
            for number in (2, 1, 3):
                places.objects.create(hall=hall, number=number)
        whole = [(each.hall, each.number) for each in places.objects.order_by(*total)]
        found = pages(
            lambda: places.objects.order_by(*ordering),
            annotation=list[Place],
            fields=["hall", "number"],
            size=size,
        )

    shown = [(row["hall"], row["number"]) for page in found for row in page]
    assert shown == whole
