"""What `query_tool` accepts, and how it reports what it does not."""

import inspect
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Avg, Count, F, Max, Sum

from django_mcp import QueryToolDeclaration, query_tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.tools.tool import Tool
from tests.shop.models import Product, Remark, Shipment
from tests.tools.queries import shipments
from tests.tools.queries.shipments import declared, shipments_of


async def later(user: User) -> Any:
    return Shipment.objects.all()


def of_more(user: User, more: int) -> Any:
    return Shipment.objects.all()


def tool_of(**options: Any) -> Tool:
    (tool,) = build(declared(**options)).of(Tool).values()
    return tool


def test_options_reach_the_tool() -> None:
    tool = tool_of(
        name="parcels",
        title="Parcels",
        description="Find parcels.",
        group="sales",
        scopes=["a"],
        permissions=["shop.view_shipment"],
        page_size=7,
        background=True,
    )

    assert (tool.name, tool.title, tool.description) == ("parcels", "Parcels", "Find parcels.")
    assert (tool.group, tool.scopes) == ("sales", frozenset({"a"}))
    assert (tool.permissions, tool.page_size) == (("shop.view_shipment",), 7)
    assert (tool.read_only, tool.atomic, tool.requires_user) == (True, None, True)
    assert tool.background is not None


def test_without_others_a_tool_has_the_parameters_of_pages_alone() -> None:
    tool = tool_of()

    assert (tool.name, tool.title) == ("query_shipment", "Shipments")
    assert list(tool.signature.input_schema["properties"]) == ["limit", "cursor"]
    assert tool.signature.input_schema["properties"]["limit"]["maximum"] == 50


@pytest.mark.parametrize(
    ("filters", "parameters"),
    [
        (["code", "product__sku"], ["code", "product__sku"]),
        ("code", ["code"]),
        ({"code": "exact", "fee": ("gte", "lte")}, ["code", "fee__gte", "fee__lte"]),
        ({"code": iter(["exact", "in"])}, ["code", "code__in"]),
        ({"packed_on__year": ["exact", "gte"]}, ["packed_on__year", "packed_on__year__gte"]),
        ({"packed_on": ["year", "year__gte"]}, ["packed_on__year", "packed_on__year__gte"]),
        ({"pk": "in", "product_id": "exact"}, ["pk__in", "product_id"]),
    ],
)
def test_filters_are_named_in_each_of_the_ways(filters: Any, parameters: list[str]) -> None:
    declaration = declared(filters=filters)
    build(declaration)
    (tool,) = build(declaration).of(Tool).values()

    assert list(tool.signature.input_schema["properties"])[:-2] == parameters


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"model": "shop.Shipment"}, "query_tool takes a model with a table, and not 'shop.Shi"),
        ({"fields": []}, "fields are names of fields, at least one, or a mapping of names to them"),
        ({"fields": {"a": 1}}, "fields are names of fields, at least one, or a mapping of names"),
        ({"fields": ["cod"]}, "field 'cod': Shipment has no such field or property. Did you mean"),
        ({"fields": ["product__skv"]}, "Product has no such field or property. Did you mean 'sku'"),
        ({"queryset": Shipment.objects.all()}, "queryset must be a function that takes user, pri"),
        ({"queryset": later}, "queryset: later must be a sync function that returns a queryset"),
        ({"queryset": of_more}, "queryset: of_more must take user, principal or nothing"),
        ({"page_size": 0}, "page_size must be a positive integer, not 0"),
        ({"page_size": None}, "page_size must be a positive integer, not None"),
        ({"filters": {"cod": "exact"}}, "filters: 'cod': Shipment has no field 'cod'. Did you me"),
        ({"filters": {"code": "icontain"}}, "'icontain' is no look-up of a SlugField here, which"),
        ({"filters": {"code": "icontain"}}, "Did you mean 'icontains'?"),
        ({"filters": {"code": "regex"}}, "'regex' is no look-up of a SlugField here, which has e"),
        ({"filters": {"code": "in__gt"}}, "'in__gt' is no look-up of a SlugField here"),
        ({"filters": {"fee": "contains"}}, "'contains' is no look-up of a DecimalField here"),
        ({"filters": {"fragile": "in"}}, "which has exact, isnull"),
        ({"filters": {"packed_on": "yaer"}}, "'yaer' is no look-up of a DateField here, which ha"),
        ({"filters": {"packed_on": "hour"}}, "'hour' is no look-up of a DateField here"),
        ({"filters": {"sent_at": "date__hour"}}, "'hour' is no look-up of a DateTimeField here"),
        ({"filters": {"product__nam": "exact"}}, "'nam__exact' is no look-up of a ForeignKey her"),
        ({"filters": {"product__nam": "exact"}}, "Did you mean 'name'?"),
        ({"filters": {"product": "gte"}}, "'gte' is no look-up of a ForeignKey here, which has e"),
        ({"filters": {"tags": "contains"}}, "which has exact, in, isnull"),
        ({"filters": {"facts": "exact"}}, "'exact' is no look-up of a JSONField here, which has i"),
        ({"filters": {"facts__a": "exact"}}, "'a__exact' is no look-up of a JSONField here"),
        ({"filters": {"seal": "exact"}}, "'exact' is no look-up of a BinaryField here, which has"),
        ({"filters": {"photo": "exact"}}, "'exact' is no look-up of a FileField here, which has i"),
        ({"filters": {"summary": "exact"}}, "filters: 'summary': Shipment has no field 'summary'"),
        (
            {"filters": {"code": []}},
            "filters: 'code' has no look-ups; write ",
        ),
        ({"filters": {"code": 3}}, "filters are names of fields, or a mapping of them to look-up"),
        ({"filters": {"code": [3]}}, "filters: 'code': 3 is no name of a look-up"),
        ({"filters": [3]}, "filters are names of fields, or a mapping of them to look-ups, such"),
        ({"model": Remark, "fields": ["words"], "filters": ["about"]}, "'about' of Remark may le"),
        ({"order_by": ["cod"]}, "order_by: 'cod': Shipment has no field 'cod'. Did you mean 'code"),
        ({"order_by": ["-tags__name"]}, "order_by: 'tags__name': 'tags' of Shipment is no relatio"),
        ({"order_by": ["tags"]}, "order_by: 'tags': 'tags' of Shipment has no column of its own"),
        ({"order_by": ["facts"]}, "order_by: 'facts' is a JSONField, which has no order"),
        ({"order_by": ["code__lower"]}, "order_by: 'code__lower': 'code' of Shipment is no relati"),
        ({"order_by": [F("code").desc()]}, "is no name of a field"),
        ({"aggregates": Sum("fee")}, 'aggregates are a mapping, such as {"total": Sum("amount")}'),
        ({"aggregates": {"total": "fee"}}, "aggregates: 'total' is 'fee', and no aggregate such"),
        ({"aggregates": {"total": F("fee")}}, "aggregates: 'total' is F(fee), and no aggregate s"),
        ({"aggregates": {"total": Sum("fe")}}, "aggregates: 'total' cannot be resolved: Cannot r"),
        ({"aggregates": {"n": Count("tags")}}, "aggregates: 'n' follows a relation to many rows,"),
        ({"aggregates": {"n": Count("remarks__words")}}, "follows a relation to many rows, which"),
        ({"aggregates": {"n": Max("facts")}}, "aggregates: 'n' is a JSONField, which has no form"),
        (
            {"aggregates": {"n": Sum(F("fee") * F("weight"))}},
            "aggregates: 'n' cannot be resolved: ",
        ),
        ({"overflow": "link"}, 'overflow="link" is not for pages: page_size bounds them'),
        ({"name": "a b"}, "the name 'a b' is not 1 to 64 of the characters"),
        ({"cache": 60, "vary_on": ()}, "so vary_on must name 'user'"),
        ({"queue": "slow"}, "are options of tools with background=True"),
        ({"atomic": "elsewhere"}, "atomic names the database 'elsewhere', which is not in DATABA"),
    ],
)
def test_mistakes_in_a_declaration_are_reported_with_the_place_of_the_call(
    options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared(**options))

    (reported,) = caught.value.problems
    where, _, what = reported.partition("): ")
    line = inspect.getsourcelines(declared)[1] + 4
    assert where.endswith(f" (tests/tools/queries/shipments.py:{line}")
    assert problem in what


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        build(
            declared(
                fields=["cod", "product__skv"],
                filters={"fe": "gte", "fee": "gtee"},
                order_by=["-wight", "code"],
                aggregates={"mean": Avg("wait"), "total": "fee"},
                queryset=later,
                page_size=0,
                overflow="burst",
            )
        )

    (reported,) = caught.value.problems
    words = (
        "'cod'",
        "'product__skv'",
        "'fe'",
        "'gtee'",
        "'wight'",
        "'mean'",
        "'total'",
        "later",
        "_size",
    )
    assert [each for each in (*words, "'burst'") if each not in reported] == []
    assert reported.startswith(f"{shipments.__name__}.query_shipment (")


@pytest.mark.parametrize("option", ["fields", "queryset"])
def test_what_to_show_of_which_rows_must_be_said(option: str) -> None:
    given: dict[str, Any] = {"fields": ["code"], "queryset": shipments_of}
    del given[option]

    with pytest.raises(TypeError, match=re.escape(f"query_tool needs {option}=...")):
        query_tool(Shipment, **given)


@pytest.mark.parametrize("option", ["read_only", "destructive", "idempotent", "idempotency_key"])
def test_a_query_changes_nothing_whatever_it_is_declared(option: str) -> None:
    given: dict[str, Any] = {"fields": ["code"], "queryset": shipments_of, option: True}

    with pytest.raises(TypeError, match=f"query_tool has no option '{option}'"):
        query_tool(Shipment, **given)


def test_a_tool_may_be_declared_by_its_class() -> None:
    with collecting() as found:
        query_tool(Product, fields=["sku"], queryset=lambda: Product.objects)

    assert found == [QueryToolDeclaration(Product, fields=["sku"], queryset=found[0].function)]
