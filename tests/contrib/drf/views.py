"""Views over the models of the shop, as projects write them."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from tests.shop.models import Order, Product


class ProductSerializer(serializers.ModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ("id", "sku", "name", "price", "stock")


class OrderSerializer(serializers.ModelSerializer[Order]):
    class Meta:
        model = Order
        fields = ("id", "product", "quantity", "deliver_on")


class Pages(PageNumberPagination):
    page_size = 2


class OrderViewSet(viewsets.ModelViewSet[Order]):
    """Orders of the caller."""

    serializer_class = OrderSerializer
    permission_classes = (IsAuthenticated,)
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Order]:
        assert isinstance(self.request.user, User)
        return Order.objects.filter(buyer=self.request.user).order_by("pk")

    def perform_create(self, serializer: Any) -> None:
        serializer.save(buyer=self.request.user)

    @action(detail=True, methods=["post"])
    def double(self, request: Request, pk: str) -> Response:
        """Order twice as much."""
        order = self.get_object()
        order.quantity *= 2
        order.save()
        return Response(self.get_serializer(order).data)
