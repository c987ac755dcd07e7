"""Instances of the shop's models as resources: each is seen by one tenant, or by anybody."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from django_mcp import Principal, resource, resource_for
from django_mcp.primitives.declaration import collecting
from tests.shop.models import Order, Product, Shelf, Shipment

SECRET = "the-password-is-1234"


def orders_of(user: User) -> QuerySet[Order]:
    return Order.objects.filter(buyer=user)


def shelves_of(principal: Principal) -> QuerySet[Shelf]:
    return Shelf.objects.filter(label__startswith=principal.client_id)


def refused(user: User) -> QuerySet[Product]:
    raise PermissionDenied(SECRET)


def broken(user: User) -> QuerySet[Product]:
    raise RuntimeError(SECRET)


with collecting() as ORDERS:
    resource_for(
        Order,
        uri="order://{pk}",
        fields={"number": "pk", "pieces": "quantity", "product": "product__sku"},
        queryset=orders_of,
    )

with collecting() as EVERY:
    resource_for(
        Order,
        uri="order://{pk}",
        fields={"number": "pk", "pieces": "quantity", "product": "product__sku"},
        queryset=orders_of,
        entry_title="product__name",
        entry_description=lambda order: f"{order.quantity} pieces",
        audience=["user"],
        priority=0.5,
    )
    resource_for(
        Product,
        uri="product://{sku}",
        fields=["sku", "name"],
        queryset=lambda: Product.objects.all(),
        title="A product",
        description="Something for sale.",
        mime_type="application/vnd.shop+json",
    )
    resource_for(
        Shelf,
        uri="shelf://{hall}/{number}",
        fields=["label"],
        queryset=shelves_of,
    )
    resource_for(
        Shipment,
        name="parcel",
        uri="parcel://{product__sku}/{key}/{packed_on}",
        fields=["status"],
        queryset=lambda: Shipment.objects,
        scopes=["parcels"],
        entry_last_modified="changed_at",
    )
    resource_for(
        Product,
        name="hidden",
        uri="hidden://{pk}",
        fields=["sku"],
        queryset=lambda: Product.objects.all(),
        group="closed",
    )
    resource_for(
        Product,
        name="refused",
        uri="refused://{pk}",
        fields=["sku"],
        queryset=refused,
    )

    @resource("shop://hours")
    def hours() -> str:
        """Opening hours."""
        return "Nine to five"

    @resource("shop://about", scopes=["about"])
    def about() -> str:
        """About the shop."""
        return "A shop"


with collecting() as BROKEN:
    resource_for(
        Product, name="broken", uri="broken://{pk}", fields=["sku"], queryset=broken, listed=False
    )


def wrong(user: User) -> Any:
    return Order.objects.all()


with collecting() as WRONG:
    resource_for(Product, name="wrong", uri="wrong://{pk}", fields=["sku"], queryset=wrong)
    resource_for(
        Product,
        name="rows",
        uri="rows://{pk}",
        fields=["sku"],
        queryset=lambda user: Product.objects.values(),
    )
