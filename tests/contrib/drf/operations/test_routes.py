"""Where the URLconf serves a view, and what its URL takes."""

from functools import partial
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.views import APIView
from rest_framework_nested.routers import NestedSimpleRouter

from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, problem_of, routed, tool_of
from tests.contrib.drf.views import OrderSerializer, OrderViewSet
from tests.shop.models import Order, Product

pytestmark = pytest.mark.django_db


class Seen(APIView):
    """Show what the view is given."""

    def get(self, request: Request, **kwargs: Any) -> Response:
        match = request.resolver_match
        return Response(
            {
                "kwargs": {name: f"{type(each).__name__} {each}" for name, each in kwargs.items()},
                "path": request.get_full_path(),
                "view_name": match.view_name,
                "route": match.route,
            }
        )


class OrdersOfProduct(viewsets.ModelViewSet[Order]):
    """Orders of a product."""

    serializer_class = OrderSerializer
    permission_classes = ()
    filter_backends = ()

    def get_queryset(self) -> Any:
        return Order.objects.filter(product=self.kwargs["product_pk"]).order_by("pk")


def parameters(view: Any, action: str, **options: Any) -> dict[str, Any]:
    schema = tool_of(view, action, **options).input_schema
    return {
        name: each.get("format", each.get("type", "any"))
        for name, each in schema["properties"].items()
    }


def test_parents_of_nested_routers_are_parameters(ada: User, product: Product) -> None:
    order = Order.objects.create(buyer=ada, product=product, quantity=2)
    router = SimpleRouter()
    router.register("products", OrderViewSet, basename="product")
    nested = NestedSimpleRouter(router, "products", lookup="product")
    nested.register("orders", OrdersOfProduct, basename="product-orders")

    with (
        routed(path("", include(router.urls)), path("", include(nested.urls))),
        exposing(OrdersOfProduct, ["list", "retrieve"], name="{action}_orders"),
    ):
        client = MCPClient(ada)
        listed = client.call("list_orders", product_pk=product.pk)
        found = client.call("retrieve_orders", product_pk=product.pk, pk=order.pk)
        elsewhere = client.call("retrieve_orders", product_pk=product.pk + 1, pk=order.pk)

    assert [each["id"] for each in listed.data] == [order.pk]
    assert found.data["id"] == order.pk
    assert elsewhere.error["kind"] == "not_found"


def test_arguments_of_the_url_have_the_types_of_their_converters(ada: User) -> None:
    route = "<int:year>/<uuid:key>/<slug:word>/<path:rest>"
    with (
        routed(path(route, Seen.as_view(), name="seen")),
        exposing(Seen, ["get"], name="see"),
    ):
        key = "0f0fb0b4-6f6e-4a3c-8d5e-5d6f0f5a7a11"
        assert parameters(Seen, "get") == {
            "year": "integer",
            "key": "uuid",
            "word": "string",
            "rest": "string",
        }
        client = MCPClient(ada)
        result = client.call("see", year=2026, key=key, word="tea", rest="a/ü?b")
        wrong = client.call("see", year=2026, key=key, word="no word", rest="a")

    assert result.data == {
        "kwargs": {
            "year": "int 2026",
            "key": f"UUID {key}",
            "word": "str tea",
            "rest": "str a/ü?b",
        },
        "path": f"/2026/{key}/tea/a/%C3%BC%3Fb",
        "view_name": "seen",
        "route": route,
    }
    assert wrong.error["kind"] == "not_found"


def test_arguments_that_the_urlconf_passes_are_no_parameters(ada: User) -> None:
    with (
        routed(
            path("a/<int:pk>/", include(([path("b/", Seen.as_view(), {"x": 1})], "ns")), {"y": 2})
        ),
        exposing(Seen, ["get"], name="see"),
    ):
        assert parameters(Seen, "get") == {"pk": "integer"}
        result = MCPClient(ada).call("see", pk=7)

    assert result.data["kwargs"] == {"pk": "int 7", "y": "int 2", "x": "int 1"}
    assert result.data["view_name"].startswith("ns:")


def test_optional_groups_may_be_left_out(ada: User) -> None:
    with (
        routed(re_path(r"^seen(?:/(?P<page>\d+))?/$", Seen.as_view())),
        exposing(Seen, ["get"], name="see"),
    ):
        client = MCPClient(ada)
        without, given = client.call("see"), client.call("see", page=3)

    assert (without.data["kwargs"], without.data["path"]) == ({}, "/seen/")
    assert (given.data["kwargs"], given.data["path"]) == ({"page": "str 3"}, "/seen/3/")


@pytest.mark.parametrize("text", ["a%b", "100%", "%2F", "a b", "ü", "..", "a;b", "a+b&c=d", "#"])
def test_any_text_in_a_url_reaches_the_view_as_it_is(ada: User, text: str) -> None:
    with (
        routed(path("50%/<str:word>/", Seen.as_view())),
        exposing(Seen, ["get"], name="see"),
    ):
        result = MCPClient(ada).call("see", word=text)

    assert result.data["kwargs"] == {"word": f"str {text}"}
    assert result.data["path"].startswith("/50%25/")


@pytest.mark.parametrize("text", ["a/b", "", "a\nb/c"])
def test_text_that_no_url_has_is_not_found(ada: User, text: str) -> None:
    with (
        routed(path("seen/<str:word>/", Seen.as_view()), path("seen/a/b/", Seen.as_view())),
        exposing(Seen, ["get"], name="see", route="seen/<str:word>/"),
    ):
        result = MCPClient(ada).call("see", word=text)

    assert result.error["kind"] == "not_found"


def test_urls_have_the_prefix_of_the_language(ada: User) -> None:
    with (
        routed(*i18n_patterns(path("seen/<int:pk>/", Seen.as_view()))),
        exposing(Seen, ["get"], name="see"),
        translation.override("de"),
    ):
        result = MCPClient(ada).call("see", pk=7)

    assert result.data["path"] == "/de/seen/7/"


def test_arguments_without_names_are_refused() -> None:
    with routed(re_path(r"^seen/(\d+)/$", Seen.as_view())):
        problem = problem_of(Seen, "get")

    assert problem == "its URL has groups without names, which no argument can be called by"


def test_format_suffixes_make_no_second_route() -> None:
    router = DefaultRouter()
    router.register("orders", OrderViewSet, basename="order")

    with routed(path("", include(router.urls))):
        assert list(parameters(OrderViewSet, "retrieve")) == ["pk"]


def test_several_routes_want_one_to_be_named() -> None:
    old, new = SimpleRouter(), SimpleRouter()
    old.register("orders", OrderViewSet, basename="old-order")
    new.register("orders", OrderViewSet, basename="order")
    api = ([path("", include(new.urls))], "api")

    with routed(path("old/", include(old.urls)), path("new/", include(api))):
        problem = problem_of(OrderViewSet, "retrieve")
        unknown = problem_of(OrderViewSet, "retrieve", route="api:orders")
        tool = tool_of(OrderViewSet, "retrieve", route="api:order")

    assert problem == (
        "several URLs lead to the action: pass route='old-order' or route='api:order'"
    )
    assert unknown == "no URL of the action is called 'api:orders'; did you mean 'api:order'?"
    assert tool.name == "order_retrieve"


def test_routes_of_one_name_are_told_by_their_paths() -> None:
    urls = [
        path("seen/", Seen.as_view(), name="seen"),
        path("seen/<int:pk>/", Seen.as_view(), name="seen"),
    ]
    with routed(*urls):
        problem = problem_of(Seen, "get")
        assert parameters(Seen, "get", route="seen/<int:pk>/") == {"pk": "integer"}

    assert problem == (
        "several URLs lead to the action: pass route='seen/' or route='seen/<int:pk>/'"
    )


def test_a_viewset_without_a_route_is_called_by_its_lookup(ada: User, product: Product) -> None:
    order = Order.objects.create(buyer=ada, product=product, quantity=2)
    with routed(), exposing(OrderViewSet, ["retrieve", "double", "list"]):
        client = MCPClient(ada)
        found = client.call("order_retrieve", pk=order.pk)
        doubled = client.call("order_double", pk=order.pk)
        listed = client.call("order_list")

    assert found.data["quantity"] == 2
    assert doubled.data["quantity"] == 4
    assert listed.data["count"] == 1


def test_an_action_without_a_url_is_refused_where_the_view_has_others() -> None:
    with routed(path("orders/", OrderViewSet.as_view({"get": "list"}))):
        problem = problem_of(OrderViewSet, "destroy")

    assert problem == "no URL leads to an action 'destroy' of OrderViewSet; there are 'list'"


class Members(viewsets.ViewSet):
    """Members of a team."""

    permission_classes = ()

    @action(detail=False, methods=["get", "post"])
    def members(self, request: Request) -> Response:
        """Show or change members."""
        return Response({"method": request.method, "action": self.action})

    @members.mapping.delete
    def remove_members(self, request: Request) -> Response:
        """Remove all members."""
        return Response({"method": request.method, "action": self.action})


def test_an_action_of_several_methods_is_named_with_one(ada: User) -> None:
    router = SimpleRouter()
    router.register("teams", Members, basename="team")
    with routed(path("", include(router.urls))):
        problem = problem_of(Members, "members")
        with exposing(Members, ["members:get", "members:post", "remove_members"]):
            client = MCPClient(ada)
            names = [each.name for each in client.list_tools()]
            results = [client.call(name).data for name in names]

    assert problem == (
        "the action 'members' has several methods: write 'members:get' or 'members:post'"
    )
    assert names == ["members_get_members", "members_post_members", "members_remove_members"]
    assert results == [
        {"method": "GET", "action": "members"},
        {"method": "POST", "action": "members"},
        {"method": "DELETE", "action": "remove_members"},
    ]


class OrderDetail(generics.RetrieveUpdateDestroyAPIView[Order]):
    """One order."""

    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    permission_classes = ()


def test_methods_of_generic_views_are_tools(ada: User, product: Product) -> None:
    order = Order.objects.create(buyer=ada, product=product, quantity=2)
    with (
        routed(path("orders/<int:pk>/", OrderDetail.as_view())),
        exposing(OrderDetail, ["get", "put", "patch", "delete"], name="{action}_order"),
    ):
        client = MCPClient(ada)
        described = {each.name: each.description for each in client.list_tools()}
        changed = client.call("patch_order", pk=order.pk, quantity=3)
        replaced = client.call("put_order", pk=order.pk, quantity=4, product=product.pk)
        shown = client.call("get_order", pk=order.pk)
        client.call("delete_order", pk=order.pk)

    assert described == {
        "delete_order": "Delete one order.\n\nOne order.",
        "get_order": "Show one order.\n\nOne order.",
        "patch_order": "Change values of one order.\n\nOne order.",
        "put_order": "Replace the values of one order.\n\nOne order.",
    }
    assert [each.data["quantity"] for each in (changed, replaced, shown)] == [3, 4, 4]
    assert not Order.objects.exists()


@api_view(["GET", "POST"])
def greet(request: Request, name: str) -> Response:
    """Greet somebody."""
    return Response(f"{request.method} {name}")


def test_functions_under_api_view_are_tools(ada: User) -> None:
    with routed(path("greet/<str:name>/", greet)), exposing(greet, ["get", "post"]):
        client = MCPClient(ada)
        results = [client.call(f"greet_{method}", name="Bob") for method in ("get", "post")]
        (description, _) = [each.description for each in client.list_tools()]

    assert [each.text for each in results] == ["GET Bob", "POST Bob"]
    assert description == "Greet somebody."


def test_what_is_no_view_is_refused() -> None:
    def view(request: HttpRequest) -> None:
        """Be no view of REST framework."""

    problem = problem_of(view, "get")

    assert problem.startswith("expose() takes a view class of Django REST framework")


def test_names_of_actions_that_do_not_exist_are_corrected() -> None:
    router = SimpleRouter()
    router.register("orders", OrderViewSet, basename="order")
    with routed(path("", include(router.urls)), path("seen/", Seen.as_view())):
        assert problem_of(OrderViewSet, "partialupdate") == (
            "no URL leads to an action 'partialupdate' of OrderViewSet; "
            "did you mean 'partial_update'?"
        )
        assert problem_of(Seen, "GET") == "Seen answers no 'GET'; did you mean 'get'?"
        assert problem_of(Seen, "post") == ("Seen answers no 'post'; there are 'get', 'options'")


def for_staff(view: Any) -> Any:
    """A decorator that does without `functools.wraps`, as many do."""

    def guarded(request: HttpRequest, **kwargs: Any) -> Any:
        return view(request, **kwargs) if request.user.is_staff else HttpResponse(status=403)

    return guarded


class ForStaff:
    def __init__(self, view: Any) -> None:
        self.view = view

    def __call__(self, request: HttpRequest, **kwargs: Any) -> Any:
        return for_staff(self.view)(request, **kwargs)


class ForUsers(Seen):
    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return login_required(super().as_view(**initkwargs))


DECORATED = (
    "the URLconf decorates its view, and that would be left out: decorate the class, by "
    "method_decorator(..., name='dispatch')"
)


@pytest.mark.parametrize(
    "decorator", [for_staff, ForStaff, partial, lambda view: for_staff(csrf_exempt(view))]
)
def test_a_decorator_that_hides_the_view_is_not_left_out(decorator: Any) -> None:
    with routed(path("seen/", decorator(Seen.as_view()))):
        assert problem_of(Seen, "get") == DECORATED
    with routed(path("seen/", decorator(Seen.as_view())), path("free/", Seen.as_view())):
        assert tool_of(Seen, "get").name == "seen_get"


def test_a_decorator_is_told_from_one_of_the_same_kind(ada: User) -> None:
    with routed(path("seen/", permission_required("shop.add_order")(ForUsers.as_view()))):
        assert problem_of(ForUsers, "get") == DECORATED
    with routed(path("seen/", csrf_exempt(ForUsers.as_view()))), exposing(ForUsers, ["get"]):
        assert not MCPClient(ada).call("for_users_get").is_error


def test_a_urlconf_that_cannot_be_read_is_named() -> None:
    with override_settings(ROOT_URLCONF="shop_without.urls"):
        problem = problem_of(Seen, "get")

    assert problem == "the URLconf cannot be read: No module named 'shop_without'"


class SkuSerializer(serializers.ModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ("sku",)


class AnyCaseViewSet(viewsets.ReadOnlyModelViewSet[Product]):
    """Products, by their numbers in capitals or not."""

    queryset = Product.objects.all()
    serializer_class = SkuSerializer
    permission_classes = ()
    lookup_field = "sku__iexact"


def test_a_lookup_by_a_look_up_of_text_is_text(ada: User, product: Product) -> None:
    router = SimpleRouter()
    router.register("products", AnyCaseViewSet, basename="product")
    with routed(path("", include(router.urls))), exposing(AnyCaseViewSet, ["retrieve"]):
        schema = tool_of(AnyCaseViewSet, "retrieve").input_schema
        found = MCPClient(ada).call("any_case_retrieve", sku__iexact="TEA")

    assert schema["properties"] == {
        "sku__iexact": {"type": "string", "description": "The sku of the product."}
    }
    assert found.data["sku"] == "tea"
