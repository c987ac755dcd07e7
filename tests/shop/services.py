"""What the shop does. Every kind of tool that the tests need is here once."""

import asyncio
import datetime
from decimal import Decimal
from typing import Annotated

from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from pydantic import Field, SecretStr

from django_mcp import Image, Redacted, Text, ToolContext, ToolError, tool
from tests.shop.models import Order, Product

PRODUCT_FIELDS = ["sku", "name", "price", "stock"]
ORDER_FIELDS = ["id", "product__sku", "quantity", "deliver_on"]
ONE_PIXEL = b"GIF89a\x01\x00\x01\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00;"

Price = Annotated[Decimal, Field(gt=0, max_digits=10, decimal_places=2)]
Quantity = Annotated[int, Field(ge=1, le=1000)]


class DeliveryError(Exception):
    """What the supplier's software raises; its message tells more than clients may know."""


@tool(group="desk", read_only=True)
def opening_hours() -> str:
    """Say when the shop is open. Anybody may ask."""
    return "Monday to Friday, 9 to 17"


@tool(group="desk", read_only=True)
def greet(user: User | None, name: str = "") -> str:
    """Greet whoever calls.

    Args:
        name: What to call them; default their user name.
    """
    return f"Hello {name or (user.get_username() if user else 'stranger')}"


@tool(group="shop", scopes=["shop:read"], read_only=True, fields=PRODUCT_FIELDS)
def list_products(in_stock: bool = False) -> QuerySet[Product]:
    """List the products.

    Args:
        in_stock: Only those that can be ordered now.
    """
    products = Product.objects.all()
    return products.filter(stock__gt=0) if in_stock else products


@tool(group="shop", scopes=["shop:read"], read_only=True, fields=PRODUCT_FIELDS)
def get_product(sku: str) -> Product:
    """Show one product."""
    product = Product.objects.filter(sku=sku).first()
    if product is None:
        raise ToolError("There is no such product.", hint="list_products names them all.")
    return product


@tool(group="shop", scopes=["shop:read"], read_only=True)
async def count_products() -> int:
    """Count the products, asynchronously."""
    return await Product.objects.acount()


@tool(group="shop", scopes=["shop:read"], read_only=True, fields=ORDER_FIELDS)
def my_orders(buyer: User) -> QuerySet[Order]:
    """List the caller's orders."""
    return Order.objects.filter(buyer=buyer)


@tool(group="shop", scopes=["shop:read"], read_only=True)
def product_picture(sku: str) -> list[Text | Image]:
    """Show what a product looks like."""
    return [Text(text=sku), Image(data=ONE_PIXEL, mime_type="image/gif")]


@tool(group="shop", scopes=["shop:write"], idempotent=False, fields=PRODUCT_FIELDS)
def add_product(sku: str, name: str, price: Price, stock: int = 0) -> Product:
    """Add a product.

    Args:
        price: For one piece, more than zero.
    """
    if Product.objects.filter(sku=sku).exists():
        raise ToolError("This SKU is taken.")
    return Product.objects.create(sku=sku, name=name, price=price, stock=stock)


@tool(
    group="shop",
    scopes=["shop:read", "shop:write"],
    destructive=False,
    fields=ORDER_FIELDS,
)
def place_order(
    buyer: User, sku: str, quantity: Quantity, deliver_on: datetime.date | None = None
) -> Order:
    """Order some pieces of a product."""
    product = Product.objects.filter(sku=sku).first()
    if product is None:
        raise ToolError("There is no such product.", hint="list_products names them all.")
    order = Order.objects.create(
        buyer=buyer, product=product, quantity=quantity, deliver_on=deliver_on
    )
    if quantity > product.stock:
        # After the order is written, so that it has to be rolled back.
        raise ToolError(
            f"Only {product.stock} are left.", retryable=True, hint="Order less.", retry_after=60
        )
    Product.objects.filter(pk=product.pk).update(stock=F("stock") - quantity)
    return order


@tool(group="shop", scopes=["shop:write"], permissions=["shop.delete_product"], destructive=True)
def delete_product(sku: str) -> int:
    """Delete a product; only for those who may in the admin. Returns how many were deleted."""
    return Product.objects.filter(sku=sku).delete()[0]


@tool(group="warehouse", scopes=["shop:write"])
async def restock(sku: str, quantity: Quantity) -> int:
    """Add pieces to the stock, asynchronously. Returns the new stock."""
    if not await Product.objects.filter(sku=sku).aupdate(stock=F("stock") + quantity):
        raise ToolError("There is no such product.")
    return (await Product.objects.aget(sku=sku)).stock


@tool(group="warehouse", scopes=["shop:write"])
def import_products(names: list[str], context: ToolContext) -> int:
    """Add one product for each name, with progress. Returns how many were added."""
    for number, name in enumerate(names, start=1):
        Product.objects.create(sku=f"import-{number}", name=name, price=Decimal(1))
        context.report_progress(number, len(names), f"Added {name}")
    return len(names)


@tool(group="warehouse", scopes=["shop:read"], read_only=True)
async def take_stock(context: ToolContext) -> int:
    """Add up the stock, asynchronously and with progress."""
    total, count = 0, await Product.objects.acount()
    number = 0
    async for product in Product.objects.all():
        number += 1
        total += product.stock
        await context.areport_progress(number, count, product.name)
        await asyncio.sleep(0)
    return total


@tool(group="warehouse", scopes=["shop:write"])
def connect_supplier(
    address: str, api_token: str, key: SecretStr, pin: Annotated[str, Redacted]
) -> str:
    """Store the access to a supplier. All but the address is secret."""
    return f"connected {address}"


@tool(group="warehouse", scopes=["shop:write"])
def order_from_supplier(note: str) -> None:
    """Order from the supplier, whose software always fails after the shop has written."""
    Product.objects.create(sku="from-supplier", name=note, price=Decimal(1))
    raise DeliveryError("supplier password is hunter2")


@tool(group="warehouse", scopes=["shop:read"], read_only=True)
async def ask_supplier(note: str) -> str:
    """Ask the supplier, whose software always fails, asynchronously."""
    raise DeliveryError("supplier password is hunter2")


@tool(group="warehouse", scopes=["shop:write"])
def miscount() -> int:
    """Count, after a change, and return something that is no number."""
    Product.objects.create(sku="miscounted", name="Miscounted", price=Decimal(1))
    return "many"  # type: ignore[return-value]
