"""Pages of list views: parameters, schemas that responses keep, and links as arguments."""

import json
from typing import Any

import jsonschema_rs
import pytest
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics, pagination, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from django_mcp.contrib.drf.parameters.pagination import page_schema, with_arguments
from tests.contrib.drf.parameters.views import PATH, call, prepared, query_of, schema_of
from tests.shop.models import Product

ROWS = {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}}


class ProductSerializer(serializers.ModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ("sku",)


class ProductList(generics.ListAPIView[Product]):
    queryset = Product.objects.order_by("sku")
    serializer_class = ProductSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_fields = {"stock": ["gte"]}


@pytest.fixture(autouse=True)
def products(db: None) -> None:
    for number in range(1, 8):
        Product.objects.create(sku=f"P{number}", name="Tea", price=1, stock=number)


class Pages(pagination.PageNumberPagination):
    page_size = 3
    page_size_query_param = "page_size"
    max_page_size = 5


class Slices(pagination.LimitOffsetPagination):
    default_limit = 3
    max_limit = 5


class Cursors(pagination.CursorPagination):
    page_size = 3
    ordering = "sku"


class Nested(Pages):
    """An envelope of its own, with links at its depth, and one more."""

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        links["self"] = self.request.build_absolute_uri()
        return Response({"links": links, "total": self.page.paginator.count, "items": data})

    def get_paginated_response_schema(self, schema: Any) -> Any:
        link = {"type": "string", "format": "uri", "nullable": True, "example": "http://x/"}
        return {
            "type": "object",
            "properties": {
                "links": {
                    "type": "object",
                    "properties": {"next": link, "previous": link, "self": link},
                },
                "total": {"type": "integer", "example": 7},
                "items": schema,
            },
            "required": ["links", "total", "items"],
        }


def view(paginator: Any, **attributes: Any) -> Any:
    return type("View", (ProductList,), {"pagination_class": paginator, **attributes})


def page(cls: Any, **arguments: Any) -> Any:
    """The response to arguments as a tool gives it, which its schema describes."""
    query = query_of(cls, **arguments)
    instance = cls()
    response = _respond(instance, query)
    value = with_arguments(instance, response.data)
    schema = page_schema(prepared(cls), ROWS)
    if schema is not None:
        jsonschema_rs.validate(schema, json.loads(JSONRenderer().render(value)))
    return value


def _respond(instance: Any, query: str) -> Any:
    request = APIRequestFactory().get(f"{PATH}?{query}")
    return instance.dispatch(request)


def skus(rows: Any) -> list[str]:
    return [row["sku"] for row in rows]


def test_page_numbers_lead_from_page_to_page() -> None:
    cls = view(Pages)

    first = page(cls, stock__gte=1)
    second = page(cls, stock__gte=1, **first["next"])

    assert skus(first["results"]) == ["P1", "P2", "P3"]
    assert first["next"] == {"page": 2}
    assert first["previous"] is None
    assert first["count"] == 7
    assert skus(second["results"]) == ["P4", "P5", "P6"]
    # The first page is named, or an agent who only changes what it is told would stay.
    assert second["previous"] == {"page": 1}
    assert page(cls, page=2, page_size=2)["next"] == {"page": 3, "page_size": 2}


def test_limits_and_offsets_lead_from_page_to_page() -> None:
    cls = view(Slices)

    first = page(cls, limit=2)
    second = page(cls, **first["next"])

    assert first["next"] == {"limit": 2, "offset": 2}
    assert skus(second["results"]) == ["P3", "P4"]
    assert second["previous"] == {"limit": 2, "offset": 0}
    assert skus(page(cls, **second["previous"])["results"]) == ["P1", "P2"]


def test_cursors_lead_from_page_to_page_and_back() -> None:
    cls = view(Cursors)

    first = page(cls, stock__gte=2)
    second = page(cls, stock__gte=2, **first["next"])

    assert first.keys() == {"next", "previous", "results"}
    assert first["next"].keys() == {"cursor"}
    assert skus(second["results"]) == ["P5", "P6", "P7"]
    assert skus(page(cls, stock__gte=2, **second["previous"])["results"]) == ["P2", "P3", "P4"]


def test_links_of_an_envelope_of_the_projects_own_are_replaced_where_they_stand() -> None:
    cls = view(Nested)

    value = page(cls, page=2)

    assert value["links"] == {"next": {"page": 3}, "previous": {"page": 1}, "self": {"page": 2}}
    assert skus(value["items"]) == ["P4", "P5", "P6"]


def test_parameters_are_those_of_the_paginator() -> None:
    assert schema_of(view(Pages, filter_backends=()))["properties"] == {
        "page": {
            "type": "integer",
            "description": "A page number within the paginated result set.",
        },
        "page_size": {
            "type": "integer",
            "description": "Number of results to return per page. At most 5.",
        },
    }
    assert schema_of(view(Slices, filter_backends=()))["properties"].keys() == {"limit", "offset"}
    assert schema_of(view(Cursors, filter_backends=()))["properties"] == {
        "cursor": {"type": "string", "description": "The pagination cursor value."}
    }


def test_schema_of_a_page_holds_the_rows_and_the_arguments_of_links() -> None:
    assert page_schema(prepared(view(Pages)), ROWS) == {
        "type": "object",
        "required": ["count", "results"],
        "properties": {
            "count": {"type": "integer"},
            "next": {
                "type": ["object", "null"],
                "properties": {"page": {"type": "integer"}, "page_size": {"type": "integer"}},
                "description": "Arguments of the next page, besides those of this call.",
            },
            "previous": {
                "type": ["object", "null"],
                "properties": {"page": {"type": "integer"}, "page_size": {"type": "integer"}},
                "description": "Arguments of the previous page, besides those of this call.",
            },
            "results": ROWS,
        },
    }


def test_view_without_pages_answers_with_its_rows() -> None:
    class Unlimited(pagination.PageNumberPagination):
        page_size = None

    for paginator in (None, Unlimited):
        cls = view(paginator, filter_backends=())
        assert page_schema(prepared(cls), ROWS) is ROWS
        assert schema_of(cls)["properties"] == {}
        assert skus(page(cls)) == [f"P{number}" for number in range(1, 8)]


def test_unknown_shapes_are_not_promised() -> None:
    class Unsaid(Pages):
        def get_paginated_response(self, data: Any) -> Response:
            return Response({"rows": data})

    class ByChoice(Pages):
        page_size: Any = None

    class OwnResponse(ProductList):
        pagination_class = Pages

        def get_paginated_response(self, data: Any) -> Response:
            return Response({"rows": data})

    for cls in (view(Unsaid), view(ByChoice), OwnResponse):
        assert page_schema(prepared(cls), ROWS) is None
    assert page(view(Unsaid), page=3) == {"rows": [{"sku": "P7"}]}
    assert skus(page(view(ByChoice))) == [f"P{number}" for number in range(1, 8)]
    assert page(view(ByChoice), page_size=6)["next"] == {"page": 2, "page_size": 6}


def test_links_that_are_no_addresses_stay_as_they_are() -> None:
    class Numbers(Pages):
        def get_next_link(self) -> Any:
            return self.page.next_page_number() if self.page.has_next() else None

    value = page(view(Numbers), page=2)

    assert value["next"] == 3
    assert value["previous"] == {"page": 1}


def test_rows_keep_addresses_of_their_own() -> None:
    instance = view(Pages)()
    _respond(instance, "page=1")
    own = f"http://testserver{PATH}?page=9"

    value = with_arguments(instance, {"next": own, "results": [{"url": own}]})

    assert value == {"next": {"page": 9}, "results": [{"url": own}]}


def test_a_page_beyond_the_last_is_for_the_view_to_refuse() -> None:
    assert "Invalid page" in str(call(view(Pages), page=0))


def test_request_is_the_one_of_the_call() -> None:
    instance = prepared(view(Pages))

    assert isinstance(instance.request, Request)
    assert with_arguments(instance, [1]) == [1]
