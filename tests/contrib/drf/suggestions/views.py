"""Views that are dangerous to expose, each in one way, and their opposites."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework import generics, mixins, serializers, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import LimitOffsetPagination, PageNumberPagination
from rest_framework.permissions import (
    AllowAny,
    BasePermission,
    DjangoModelPermissions,
    IsAdminUser,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.versioning import URLPathVersioning
from rest_framework.views import APIView

from example_project.expenses.models import Expense
from tests.contrib.drf.views import OrderSerializer, Pages, ProductSerializer
from tests.shop.models import Order, Product, Shelf


class SafeView:
    """What the views below have in common where it is not their danger."""

    permission_classes: Any = (IsAuthenticated,)
    pagination_class: Any = Pages


class OwnOrders(SafeView):
    """Orders of the caller."""

    serializer_class: Any = OrderSerializer

    def get_queryset(self) -> QuerySet[Order]:
        user = self.request.user  # type: ignore[attr-defined]
        return Order.objects.filter(buyer=user)


class OpenViewSet(OwnOrders, viewsets.ModelViewSet[Order]):
    permission_classes = (AllowAny,)


class BareView(OwnOrders, generics.ListCreateAPIView[Order]):
    permission_classes = ()


class ReadableView(OwnOrders, generics.ListCreateAPIView[Order]):
    permission_classes = (IsAuthenticatedOrReadOnly,)


class EitherView(OwnOrders, generics.CreateAPIView[Order]):
    permission_classes = (IsAdminUser | AllowAny,)


class BothView(OwnOrders, generics.CreateAPIView[Order]):
    permission_classes = (IsAdminUser & AllowAny,)


class MoodyView(OwnOrders, generics.CreateAPIView[Order]):
    def get_permissions(self) -> Any:
        raise KeyError("tenant")


class EveryFieldSerializer(serializers.ModelSerializer[Shelf]):
    class Meta:
        model = Shelf
        fields = "__all__"


class ExcludingSerializer(serializers.ModelSerializer[Shelf]):
    class Meta:
        model = Shelf
        exclude = ("label",)


class BuyerSerializer(serializers.ModelSerializer[Order]):
    class Meta:
        model = Order
        fields = ("id", "buyer", "quantity")


class AccountSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "username", "is_staff", "is_active", "password")


class HiddenBuyerSerializer(serializers.ModelSerializer[Order]):
    buyer = serializers.HiddenField(default=serializers.CurrentUserDefault())

    class Meta:
        model = Order
        fields = ("id", "buyer", "product", "quantity")


class LineSerializer(serializers.Serializer[Any]):
    owner = serializers.CharField()
    role = serializers.CharField(read_only=True)


class NestingSerializer(serializers.Serializer[Any]):
    lines = LineSerializer(many=True)


class DeepSerializer(serializers.ModelSerializer[Order]):
    class Meta:
        model = Order
        fields = ("id", "buyer")
        depth = 1


class EveryFieldView(SafeView, generics.CreateAPIView[Shelf]):
    queryset = Shelf.objects.all()
    serializer_class = EveryFieldSerializer


class ExcludingView(SafeView, generics.CreateAPIView[Shelf]):
    queryset = Shelf.objects.all()
    serializer_class = ExcludingSerializer


class BuyerView(OwnOrders, generics.CreateAPIView[Order]):
    serializer_class = BuyerSerializer


class HiddenBuyerView(OwnOrders, generics.CreateAPIView[Order]):
    serializer_class = HiddenBuyerSerializer


class AccountView(SafeView, generics.CreateAPIView[User]):
    queryset = User.objects.all()
    serializer_class = AccountSerializer


class NestingView(SafeView, generics.CreateAPIView[Any]):
    serializer_class = NestingSerializer


class DeepView(OwnOrders, generics.ListAPIView[Order]):
    serializer_class = DeepSerializer


class PasswordView(SafeView, generics.RetrieveAPIView[User]):
    permission_classes = (IsAdminUser,)
    queryset = User.objects.all()
    serializer_class = AccountSerializer


class WholeListView(OwnOrders, generics.ListAPIView[Order]):
    pagination_class = None


class SizelessPages(PageNumberPagination):
    page_size = None


class SizelessView(OwnOrders, generics.ListAPIView[Order]):
    pagination_class = SizelessPages


class AnySize(LimitOffsetPagination):
    default_limit = 10


class AnySizeView(OwnOrders, generics.ListAPIView[Order]):
    pagination_class = AnySize


class SharedOrderViewSet(SafeView, viewsets.ModelViewSet[Order]):
    queryset = Order.objects.order_by("pk")
    serializer_class = OrderSerializer


class SharedProductViewSet(SafeView, viewsets.ReadOnlyModelViewSet[Product]):
    """Products belong to nobody: that everybody reads them is no danger."""

    queryset = Product.objects.order_by("pk")
    serializer_class = ProductSerializer


class StaffOrdersView(SharedOrderViewSet):
    permission_classes = (IsAdminUser,)


class ModelPermissionsView(SharedOrderViewSet):
    permission_classes = (DjangoModelPermissions,)


class IsBuyer(BasePermission):
    def has_object_permission(self, request: Request, view: APIView, obj: Order) -> bool:
        return bool(obj.buyer_id == request.user.pk)


class JudgedOrdersView(SharedOrderViewSet):
    permission_classes = (IsAuthenticated, IsBuyer)


class BuyerFilter(BaseFilterBackend):
    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        return queryset.filter(buyer=request.user)


class FilteredOrdersView(SharedOrderViewSet):
    filter_backends = (BuyerFilter,)


class ObjectsOnlyViewSet(
    SafeView,
    mixins.CreateModelMixin,
    viewsets.ReadOnlyModelViewSet[Any],
):
    """Its permission class inherits `has_permission`, which lets everybody in."""

    queryset = Product.objects.order_by("pk")
    serializer_class = ProductSerializer
    permission_classes = (IsBuyer,)


class ExpenseSerializer(serializers.ModelSerializer[Expense]):
    class Meta:
        model = Expense
        fields = ("id", "note")


class ManagedView(SafeView, generics.RetrieveUpdateAPIView[Expense]):
    """Its manager chooses the rows, by a method of the project's own."""

    serializer_class = ExpenseSerializer

    def get_queryset(self) -> Any:
        return Expense.objects.between(None, None)


class BrokenPages(Pages):
    @property
    def page_size(self) -> int:  # type: ignore[override]
        raise KeyError("tenant")


class BrokenView(OwnOrders, generics.ListAPIView[Order]):
    pagination_class = BrokenPages


class ChoresViewSet(OwnOrders, viewsets.GenericViewSet[Order]):
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel an order."""
        self.get_object().delete()
        return Response(status=204)

    @action(detail=False, methods=["post"])
    def purge_old(self, request: Request) -> Response:
        """Forget what is old."""
        return Response(status=204)

    @action(detail=True)
    def visit(self, request: Request, pk: str) -> Response:
        """Show an order, and note that it was seen."""
        order = self.get_object()
        order.save()
        return Response({"quantity": order.quantity})

    @action(detail=False)
    def recent(self, request: Request) -> Response:
        """Show recent orders."""
        return Response(self.get_serializer(self.get_queryset(), many=True).data)

    @action(detail=True, methods=["get", "post"])
    def note(self, request: Request, pk: str) -> Response:
        """Show or write the note of an order."""
        return Response({"pk": pk})


class Versions(URLPathVersioning):
    allowed_versions = ("1", "2")


class VersionedView(OwnOrders, generics.ListAPIView[Order]):
    versioning_class = Versions


class UploadSerializer(serializers.Serializer[Any]):
    picture = serializers.FileField()


class UploadView(SafeView, generics.CreateAPIView[Any]):
    serializer_class = UploadSerializer


class UndocumentedBodyView(SafeView, APIView):
    def post(self, request: Request) -> Response:
        """Take anything."""
        return Response(request.data)


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def server_time(request: Request) -> Response:
    """Tell the time."""
    return Response({"hour": 12})


def local_view() -> Any:
    """A view that no import finds."""

    class LocalView(OwnOrders, generics.ListAPIView[Order]):
        pass

    return LocalView.as_view()
