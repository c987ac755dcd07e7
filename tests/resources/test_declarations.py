"""What `resource_for` accepts, and how it reports what it does not."""

import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mcp import ModelResourceDeclaration, resource, resource_for
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry, build
from django_mcp.resources.models.resource import ModelResource
from django_mcp.schemas.callables import located_name_of
from tests.shop.models import Order, Product, Shipment


def every(user: User) -> Any:
    return Order.objects.all()


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def later(user: User) -> Any:
    return Order.objects.all()


def of_more(user: User, more: int) -> Any:
    return Order.objects.all()


def of_both(user: User, principal: Any) -> Any:
    return Order.objects.all()


def built(model: Any = Order, **options: Any) -> Registry:
    given = {"uri": "order://{pk}", "fields": ["quantity"], "queryset": every, **options}
    with collecting() as declared:
        resource_for(model, **given)
    return build(declared)


def test_options_reach_the_resource() -> None:
    registry = built(
        name="purchase",
        group="sales",
        scopes=["a"],
        permissions=["shop.view_order"],
        requires=lambda user: True,
    )

    (found,) = registry.of(ModelResource).values()
    assert (found.name, found.group, found.scopes) == ("purchase", "sales", frozenset({"a"}))
    assert (found.permissions, found.read_only) == (("shop.view_order",), True)
    assert (found.requires is not None, found.requires_user) == (True, True)


@pytest.mark.parametrize(
    ("model", "options", "problem"),
    [
        ("shop.Order", {}, "resource_for takes a model with a table, and not 'shop.Order'"),
        (Order, {"uri": "order"}, "the URI 'order' has no scheme, as in order://{order_id}"),
        (Order, {"uri": "{pk}://x"}, "the URI '{pk}://x' has no scheme, as in order://{order_id}"),
        (
            Order,
            {"uri": "order_line://{pk}"},
            "the scheme 'order_line' of the URI 'order_line://{pk",
        ),
        (
            Order,
            {"uri": "1st://{pk}"},
            "'1st://{pk}' is not of letters, digits, + - . alone, a l",
        ),
        (Order, {"uri": "order:// {pk}"}, "the URI 'order:// {pk}' has white space"),
        (Order, {"uri": "order:"}, "the URI 'order:' ends with its scheme"),
        (
            Order,
            {"uri": "order://{pk"},
            "the URI 'order://{pk' is no template: Unclosed expr",
        ),
        (Order, {"uri": "order://all"}, "the URI has no variable, such as {pk}, that finds an"),
        (Order, {"uri": "order://{nr}"}, "the variable 'nr' of the URI: Order has no field 'nr'"),
        (Order, {"uri": "order://{quantty}"}, "no field 'quantty'. Did you mean 'quantity'?"),
        (Order, {"uri": "order://{product__code}"}, "Product has no field 'code'"),
        (Order, {"uri": "order://{quantity__code}"}, "'quantity' of Order is no relation to one"),
        (Order, {"uri": "order://{pk}{?quantity}"}, "'quantity' of the URI may be left out"),
        (Order, {"uri": "order://{/pk*}"}, "the variable 'pk' of the URI may be left out, or be"),
        (Product, {"uri": "p://{orders__pk}", "fields": ["sku"]}, "is no relation to one row"),
        (Product, {"uri": "p://{orders}", "fields": ["sku"]}, "has no column of its own"),
        (Product, {"uri": "p://{price}", "fields": ["sku"]}, "'price' of the URI is a DecimalF"),
        (Shipment, {"uri": "s://{photo}", "fields": ["code"]}, "'photo' of the URI is a FileFi"),
        (Shipment, {"uri": "s://{seal}", "fields": ["code"]}, "'seal' of the URI is a BinaryF"),
        (Shipment, {"uri": "s://{sent_at}", "fields": ["code"]}, "of the URI is a DateTimeField"),
        (Shipment, {"uri": "s://{remarks}", "fields": ["code"]}, "has no column of its own"),
        (Order, {"fields": ["qantity"]}, "field 'qantity': Order has no such field or property"),
        (Order, {"fields": []}, "fields are names of fields, at least one, or a mapping of nam"),
        (Order, {"fields": {"a": 1}}, "fields are names of fields, at least one, or a mapping"),
        (Order, {"queryset": Order.objects.all()}, "queryset must be a function that takes user"),
        (Order, {"queryset": None}, "queryset must be a function that takes user, principal or"),
        (Order, {"queryset": later}, "queryset: later must be a sync function that returns a q"),
        (Order, {"queryset": of_more}, "queryset: of_more must take user, principal or nothing"),
        (Order, {"queryset": of_both}, "queryset: of_both must take user, principal or nothing"),
        (Order, {"entry_title": "titel"}, "field 'titel': Order has no such field or property"),
        (Order, {"entry_title": 3}, "entry_title is the name of a field, not 3"),
        (Product, {"fields": ["sku"], "entry_title": "orders"}, "entry_title names 'orders', whi"),
        (Order, {"entry_last_modified": "quantity"}, "entry_last_modified names 'quantity', whi"),
        (Order, {"entry_last_modified": "deliver_on"}, "which has no date and time"),
        (Order, {"name": "a b"}, "the name 'a b' is not 1 to 64 of the characters"),
        (Order, {"mime_type": "json"}, "mime_type 'json' is no media type, such as text/plain"),
        (Order, {"priority": 2}, "priority must be a number from 0 to 1, not 2"),
    ],
)
def test_mistakes_in_a_declaration_are_reported_with_the_place_of_the_call(
    model: Any, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        built(model, **options)

    (reported,) = caught.value.problems
    where, _, what = reported.partition("): ")
    line = inspect.getsourcelines(built)[1] + 3
    assert where.endswith(f" (tests/resources/test_declarations.py:{line}")
    assert problem in what


@pytest.mark.parametrize(
    ("uri", "options", "problem"),
    [
        ("shop://hours", {"size": -1}, "size must be a number of bytes, not -1"),
        ("shop://hours", {"size": "1"}, "size must be a number of bytes, not '1'"),
        ("shop://{nr}", {"size": 1}, "size is for resources without variables in their URI"),
        ("shop://{nr}", {"last_modified": NOW}, "last_modified is for resources without variab"),
        ("shop://hours", {"last_modified": "2026-01-02"}, "last_modified must be a datetime, not"),
        ("shop://hours", {"last_modified": NOW.date()}, "last_modified must be a datetime, not d"),
        ("shop://hours", {"audience": ["users"]}, "audience names 'users', which is neither user"),
        ("shop://hours", {"priority": True}, "priority must be a number from 0 to 1, not True"),
        ("shop://{number}", {}, "the URI has the variable 'number', which is no parameter of the"),
    ],
)
def test_mistakes_in_the_options_of_a_resource_are_reported(
    uri: str, options: dict[str, Any], problem: str
) -> None:
    def numbered(nr: int) -> str:
        """Show it."""
        return ""

    def whole() -> str:
        """Show it."""
        return ""

    with collecting() as declared:
        resource(uri, name="it", **options)(numbered if "{nr}" in uri else whole)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    (reported,) = caught.value.problems
    assert problem in reported


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        built(uri="order://{nr}", fields=["qantity"], queryset=later)

    (reported,) = caught.value.problems
    assert all(each in reported for each in ("'nr'", "'qantity'", "later must be"))
    assert reported.startswith(f"{__name__}.order (")


@pytest.mark.parametrize("option", ["uri", "fields", "queryset"])
def test_what_to_show_of_which_instances_must_be_said(option: str) -> None:
    given: dict[str, Any] = {"uri": "order://{pk}", "fields": ["pk"], "queryset": every}
    del given[option]

    with pytest.raises(TypeError, match=re.escape(f"resource_for needs {option}=...")):
        resource_for(Order, **given)


def test_all_that_must_be_said_is_asked_for_at_once() -> None:
    declare: Callable[..., None] = resource_for
    with pytest.raises(
        TypeError, match=re.escape("resource_for needs uri=..., fields=..., queryset=...")
    ):
        declare(Order)


def test_resource_needs_its_uri() -> None:
    declare: Callable[..., Any] = resource
    with pytest.raises(TypeError, match=re.escape("@resource needs uri=...")):
        declare(name="order")


def test_option_that_does_not_exist_is_refused_by_name() -> None:
    declare: Callable[..., None] = resource_for
    with pytest.raises(TypeError, match="resource_for has no option 'querset'; did you mean"):
        declare(Order, uri="order://{pk}", fields=["pk"], querset=every)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order://{pk}", "order://{pk}"),
        ("order://{pk}", "order://{number}"),
        ("order://{pk}", "order://{number}{?currency}"),
        ("order://{pk}/of/{+path}", "order://{number}/of/{+rest}"),
        ("order://all{/parts*}", "order://all{/numbers*}"),
        ("order://{pk,quantity}", "order://{a,b}"),
        ("order://all", "order://all"),
    ],
)
def test_two_resources_may_not_match_the_same_uris(one: str, other: str) -> None:
    """The name would decide which is read, and by whose rights."""
    assert overlaps(one, other) == [f"matches the same URIs as {located_name_of(nothing)}"]


@pytest.mark.parametrize(
    "other",
    ["order://{+path}", "order://{pk}/", "order://all", "order://{a}/{b}", "order://x{;pk}"],
)
def test_two_resources_may_match_some_of_the_same_uris(other: str) -> None:
    assert overlaps("order://{pk}", other) == []


def overlaps(*uris: str) -> list[str]:
    with collecting() as declared:
        for name, uri in zip(("one", "other"), uris, strict=True):
            resource(uri, name=name)(nothing)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)
    problems = [each.partition("): ")[2] for each in caught.value.problems]
    return [each for each in problems if "matches" in each]


def nothing(nr: int) -> str:
    """Show nothing."""
    return ""


def test_options_are_shown_by_the_function() -> None:
    parameters = inspect.signature(resource_for).parameters

    assert next(iter(parameters)) == "model"
    assert set(parameters) >= {"uri", "fields", "queryset", "entry_title", "listed", "scopes"}
    assert not {"function", "location", "size"} & set(parameters)
    assert inspect.signature(ModelResourceDeclaration).parameters.keys() == parameters.keys()
