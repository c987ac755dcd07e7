"""Bodies of requests: whose serializer says what is in one."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import include, path
from rest_framework import generics, parsers, serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, problem_of, routed, tool_of
from tests.shop.models import Product

pytestmark = pytest.mark.django_db


class ProductSerializer(serializers.ModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ("sku", "name", "price")


class Discount(serializers.Serializer[Any]):
    percent = serializers.IntegerField(min_value=1, max_value=90)
    note = serializers.CharField(required=False, allow_blank=True)


class Products(viewsets.ModelViewSet[Product]):
    """Products."""

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    permission_classes = ()
    lookup_field = "sku"
    pagination_class = None
    filter_backends = ()

    @action(detail=True, methods=["post"], serializer_class=Discount)
    def discount(self, request: Request, sku: str) -> Response:
        """Make it cheaper, by an own serializer."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"sku": self.get_object().sku, **serializer.data})

    @action(detail=True, methods=["post"])
    def rename(self, request: Request, sku: str) -> Response:
        """Change it by the serializer of the view."""
        return self._changed(request)

    def _changed(self, req: Request) -> Response:
        serializer = self.get_serializer(self.get_object(), data=req.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)

    @action(detail=True, methods=["post"])
    def sell(self, request: Request, sku: str) -> Response:
        """Sell one, without a body."""
        return Response(self.get_serializer(self.get_object()).data)

    @action(detail=True, methods=["post"])
    def by_hand(self, request: Request, sku: str) -> Response:
        """Read the body by hand."""
        return Response(request.data.get("percent"))

    @action(detail=True, methods=["post"])
    def by_another(self, request: Request, sku: str) -> Response:
        """Read the body by another serializer."""
        serializer = Discount(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)

    @action(detail=True, methods=["post"])
    def shown_by_another(self, request: Request, sku: str) -> Response:
        """Read the body, and show the product by another serializer."""
        return Response(Discount({"percent": request.data["percent"]}).data)

    @action(detail=False, methods=["delete"])
    def clear(self, request: Request) -> Response:
        """Delete all that were named."""
        return Response(request.data)


router = SimpleRouter()
router.register("products", Products, basename="product")
URLS = path("", include(router.urls))


def names(action: str, **options: Any) -> list[str]:
    with routed(URLS):
        return list(tool_of(Products, action, **options).input_schema["properties"])


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("create", ["sku", "name", "price"]),
        ("update", ["sku", "new_sku", "name", "price"]),
        ("discount", ["sku", "percent", "note"]),
        ("rename", ["sku", "new_sku", "name", "price"]),
        ("sell", ["sku"]),
        ("clear", []),
        ("destroy", ["sku"]),
    ],
)
def test_the_body_is_that_of_the_serializer_that_the_code_uses(
    action: str, expected: list[str]
) -> None:
    assert names(action) == expected


def test_a_serializer_may_be_named() -> None:
    assert names("by_hand", input=Discount) == ["sku", "percent", "note"]
    assert names("by_hand", input=None) == ["sku"]
    assert names("clear", input=Discount(many=True)) == ["items"]


@pytest.mark.parametrize(
    ("action", "example"),
    [("by_hand", "..."), ("by_another", "Discount"), ("shown_by_another", "...")],
)
def test_a_body_without_a_serializer_is_refused(action: str, example: str) -> None:
    with routed(URLS):
        problem = problem_of(Products, action)

    assert problem == (
        "it reads request.data without get_serializer(), so nothing says what is in it: "
        f"pass input={example}, a serializer, or input=None"
    )


def test_a_field_of_the_name_of_the_lookup_is_new(ada: User, product: Product) -> None:
    with routed(URLS), exposing(Products, ["partial_update"]):
        client = MCPClient(ada)
        changed = client.call("products_partial_update", sku="tea", new_sku="green-tea")
        refused = client.call("products_partial_update", sku="green-tea", new_sku="x" * 99)

    assert changed.data["sku"] == "green-tea"
    assert refused.error["hint"].startswith("- new_sku: ")


def test_refusals_of_renamed_fields_have_the_names_of_arguments(
    ada: User, product: Product
) -> None:
    Product.objects.create(sku="cup", name="Cup", price=1)
    with routed(URLS), exposing(Products, ["partial_update"]):
        result = MCPClient(ada).call("products_partial_update", sku="tea", new_sku="cup")

    assert result.error["hint"] == "- new_sku: product with this sku already exists."


def test_a_list_is_one_argument(ada: User, product: Product) -> None:
    with routed(URLS), exposing(Products, ["clear"], input=Discount(many=True)):
        result = MCPClient(ada).call("products_clear", items=[{"percent": 3}, {"percent": 4}])

    assert json.loads(result.text) == [{"percent": 3}, {"percent": 4}]


@api_view(["POST"])
def save(request: Request) -> Response:
    """Save what comes."""
    return Response(request.data)


class SaveByHand(APIView):
    """Save what comes."""

    def put(self, request: Request) -> Response:
        data = request.data
        return Response(data)


def test_functions_and_views_that_read_the_body_want_a_serializer() -> None:
    with routed(path("a/", save), path("b/", SaveByHand.as_view())):
        problems = [problem_of(save, "post"), problem_of(SaveByHand, "put")]
        named = tool_of(save, "post", input=Discount).input_schema

    assert all(each.startswith("it reads request.data without") for each in problems)
    assert named["required"] == ["percent"]


class ByUser(generics.ListCreateAPIView[Product]):
    """Products, as their users may see them."""

    queryset = Product.objects.all()
    permission_classes = ()
    pagination_class = None
    filter_backends = ()

    def get_serializer_class(self) -> Any:
        return ProductSerializer if self.request.user.is_staff else Discount


class Broken(ByUser):
    def get_serializer_class(self) -> Any:
        return {"ada": ProductSerializer}[self.request.user.username]


class ByMethod(ByUser):
    def get_serializer_class(self) -> Any:
        return Discount if self.request.method == "POST" else ProductSerializer


def test_a_serializer_that_depends_on_the_caller_is_to_be_named(ada: User) -> None:
    with routed(path("a/", ByUser.as_view()), path("b/", Broken.as_view())):
        problem = problem_of(ByUser, "post")
        broken = problem_of(Broken, "post")
        listed = tool_of(ByUser, "get")
        named = tool_of(Broken, "post", input=ProductSerializer)

    words = "its get_serializer_class() looks at the request: pass input=..., a serializer"
    assert (problem, broken) == (words, words)
    assert listed.output_schema is None
    assert list(named.input_schema["properties"]) == ["sku", "name", "price"]


def test_a_serializer_that_depends_on_the_method_is_known() -> None:
    with routed(path("a/", ByMethod.as_view())):
        written = tool_of(ByMethod, "post")
        listed = tool_of(ByMethod, "get")

    assert list(written.input_schema["properties"]) == ["percent", "note"]
    assert listed.output_schema is not None


class Upload(serializers.Serializer[Any]):
    title = serializers.CharField()
    receipt = serializers.FileField(required=False)


class Uploads(generics.CreateAPIView[Any]):
    """Upload."""

    serializer_class = Upload
    permission_classes = ()


class FormUploads(Uploads):
    parser_classes = (parsers.MultiPartParser,)


class NeedsFile(Uploads):
    class Required(Upload):
        receipt = serializers.FileField()

    serializer_class = Required


def test_files_are_left_out_or_refused() -> None:
    with routed(
        path("a/", Uploads.as_view()),
        path("b/", FormUploads.as_view()),
        path("c/", NeedsFile.as_view()),
    ):
        assert list(tool_of(Uploads, "post").input_schema["properties"]) == ["title"]
        assert problem_of(FormUploads, "post") == (
            "the view parses no JSON, which is all that a call has: multipart/form-data"
        )
        assert "receipt" in problem_of(NeedsFile, "post")


class NoSerializer(generics.CreateAPIView[Any]):
    """Create without a serializer."""

    permission_classes = ()


def test_a_view_without_a_serializer_is_told_of() -> None:
    with routed(path("a/", NoSerializer.as_view())):
        problem = problem_of(NoSerializer, "post")

    assert problem.startswith(
        "its serializer cannot be had without a request (AssertionError): pass input=..."
    )


class Login(serializers.Serializer[Any]):
    name = serializers.CharField()
    phrase = serializers.CharField(write_only=True)
    code = serializers.IntegerField(style={"input_type": "password"})
    product = serializers.PrimaryKeyRelatedField(queryset=Product.objects.all(), write_only=True)


class Logins(APIView):
    """Log in."""

    permission_classes = ()

    def post(self, request: Request) -> Response:
        return Response()


def test_the_record_keeps_no_text_that_is_write_only(ada: User) -> None:
    with routed(path("login/", Logins.as_view())), exposing(Logins, ["post"], input=Login):
        MCPClient(ada).call("logins_post", name="ada", phrase="open it", code=1234, product=1)

    record = CallRecord.objects.get(name="logins_post")
    assert record.arguments == {
        "name": "ada",
        "phrase": "[redacted]",
        "code": "[redacted]",
        "product": 1,
    }
