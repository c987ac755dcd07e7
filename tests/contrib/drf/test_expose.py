"""`expose` itself: names, options, and mistakes in them."""

import inspect
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.urls import include, path
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from django_mcp import tool
from django_mcp.background.worker import run_task
from django_mcp.contrib.drf import expose
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import ToolTask
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.background import backends
from tests.background.rows import queued
from tests.calls import caller
from tests.contrib.drf.exposure import exposing, problem_of, routed, tool_of
from tests.contrib.drf.views import OrderSerializer, OrderViewSet
from tests.shop.models import Order, Product

pytestmark = pytest.mark.django_db

router = SimpleRouter()
router.register("orders", OrderViewSet, basename="order")
URLS = path("", include(router.urls))


def test_names_are_filled_in() -> None:
    for template, expected in (
        ("{view}_{action}", "order_list"),
        ("{action}_orders", "list_orders"),
        ("orders", "orders"),
    ):
        with collecting() as declared:
            expose(OrderViewSet, actions=["list"], name=template)

        assert [each.key[1] for each in declared] == [expected]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("OrderLineViewSet", "order_line"),
        ("HTTPLogView", "http_log"),
        ("ProductListAPIView", "product_list"),
        ("ViewSet", "view_set"),
        ("Order2ViewSet", "order2"),
    ],
)
def test_views_have_names_in_words(name: str, word: str) -> None:
    with collecting() as declared:
        expose(type(name, (APIView,), {}), actions=["get"])

    assert declared[0].key[1] == f"{word}_get"


def test_it_decorates_a_class() -> None:
    with collecting() as declared:

        @expose(actions=["get"], group="shop", scopes=["shop:read"], title="Greet")
        class Greets(APIView):
            """Greet."""

            def get(self, request: Request) -> Response:
                return Response("hello")

    with routed(path("", Greets.as_view())):
        (tool,) = build(declared).of(Tool).values()

    assert isinstance(Greets, type)
    assert (tool.name, tool.group, tool.title) == ("greets_get", "shop", "Greet")
    assert tool.scopes == {"shop:read"}


def test_options_come_before_what_the_method_says() -> None:
    with routed(URLS):
        tool = tool_of(OrderViewSet, "double", destructive=True, idempotent=True, description="Do.")
        listed = tool_of(OrderViewSet, "list", read_only=False)

    assert (tool.read_only, tool.destructive, tool.idempotent) == (False, True, True)
    assert tool.description == "Do."
    assert listed.read_only is False


def test_scopes_of_the_declaration_are_asked_for(ada: User) -> None:
    with routed(URLS), exposing(OrderViewSet, ["list"], scopes=["shop:read"], rate="1/h"):
        client = MCPClient(ada)
        results = [client.call("order_list").error.get("kind") for _ in range(2)]

    assert results == [None, "rate_limited"]


def test_lists_are_cached_as_results_of_functions_are(ada: User) -> None:
    with routed(URLS), exposing(OrderViewSet, ["list"], cache=60, vary_on=["user"]) as registry:
        (tool,) = registry.primitives.values()

    assert tool.cache is not None


def test_unknown_options_are_corrected() -> None:
    with pytest.raises(TypeError, match=r"no option 'scope'; did you mean 'scopes'\?"):
        expose(OrderViewSet, actions=["list"], scope="shop:read")


def test_actions_are_needed() -> None:
    with pytest.raises(TypeError, match=r"expose needs actions=\[...\], with one at least"):
        expose(OrderViewSet, actions=[])
    with pytest.raises(TypeError, match="actions"):
        expose(OrderViewSet)  # type: ignore[call-overload]


def test_its_options_are_in_its_signature() -> None:
    names = list(inspect.signature(expose).parameters)

    assert names[:3] == ["view", "actions", "name"]
    assert {"group", "scopes", "middleware", "query", "input", "background"} <= set(names)
    assert not {"action", "function"} & set(names[1:])


def test_mistakes_have_the_place_of_the_call() -> None:
    with collecting() as declared:
        expose(OrderViewSet, actions=["lists"])
    with routed(URLS), pytest.raises(ToolRegistrationError, match="order_lists") as refused:
        build(declared)

    assert "tests/contrib/drf/test_expose.py:" in str(refused.value)
    assert "did you mean 'list'?" in str(refused.value)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"input": 3}, "input must be a serializer, a JSON Schema or None, and not 3"),
        ({"output": "x"}, "output must be a serializer, a JSON Schema or None, and not 'x'"),
        ({"atomic": "nowhere"}, "atomic names the database 'nowhere', which is not in DATABASES"),
    ],
)
def test_options_of_the_wrong_kind_are_told(options: dict[str, Any], problem: str) -> None:
    with routed(URLS):
        assert problem_of(OrderViewSet, "create", **options) == problem


def test_what_needs_rest_framework_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_mcp.tools.rest_framework.find_spec", lambda name: None)

    with collecting() as declared:
        expose(OrderViewSet, actions=["list"])

        @tool(serializer=OrderSerializer)
        def write(order: OrderSerializer) -> None:
            """Write."""

    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    endings = [each.partition("): ")[2] for each in caught.value.problems]
    advice = 'needs Django REST framework: pip install "django-mcp-toolkit[drf]"'
    assert endings == [f"expose {advice}", f"serializer {advice}"]


def test_calls_with_an_idempotency_key_add_one_row(ada: User, product: Product) -> None:
    with routed(URLS), exposing(OrderViewSet, ["create"]):
        client = MCPClient(ada).with_idempotency_key("order-1")
        first, second = (
            client.call("order_create", product=product.pk, quantity=2) for _ in range(2)
        )
        other = client.call("order_create", product=product.pk, quantity=3)

    assert (second.data, second.is_repeated) == (first.data, True)
    assert other.error["kind"] == "idempotency_conflict"
    assert Order.objects.get().quantity == 2


def test_cached_results_are_those_of_one_caller(ada: User, bob: User, product: Product) -> None:
    cache.clear()  # of the results of others
    own = Order.objects.create(buyer=ada, product=product, quantity=1)
    with routed(URLS), exposing(OrderViewSet, ["list"], cache=60):
        first = MCPClient(ada).call("order_list").data
        own.delete()
        again, others = (
            MCPClient(ada).call("order_list").data,
            MCPClient(bob).call("order_list").data,
        )

    assert (len(first["results"]), again, others["results"]) == (1, first, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_active", [True, False])
def test_a_background_tool_asks_again_whether_the_user_may_call(
    ada: User, product: Product, settings: Settings, is_active: bool
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH  # which runs nothing
    arguments = {"product": product.pk, "quantity": 2}
    with routed(URLS), exposing(OrderViewSet, ["create"], background=True):
        task = queued("order_create", principal=caller(ada), **arguments)
        User.objects.filter(pk=ada.pk).update(is_active=is_active)
        run_task(task.pk)

    assert ToolTask.objects.get().status == ("completed" if is_active else "failed")
    assert Order.objects.exists() is is_active
