"""Results of every kind over HTTP, by the official client, which checks them by their schemas."""

import asyncio
import datetime
import io
from collections.abc import Iterator
from typing import Annotated, Any

import httpx2
import pytest
from django.contrib.auth.models import User
from django.contrib.postgres import fields as postgres
from django.db import models
from django.db.models import Count, QuerySet
from django.http import FileResponse
from django.test.utils import isolate_apps
from mcp.client.client import Client as OfficialClient
from mcp.client.streamable_http import streamable_http_client
from mcp_types import BlobResourceContents, CallToolResult, EmbeddedResource
from pytest_django import Settings
from typing_extensions import TypedDict

from django_mcp import tool
from django_mcp.asgi import Application
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.shop.models import Order, Product, Shipment, Tag
from tests.wire import PATIENCE, serving

KINDS = {
    "state": "status",
    "status": "get_status_display",
    "fee": "fee",
    "sent": "sent_at",
    "seal": "seal",
    "photo": "photo",
    "country": "country",
    "worth": "worth",
    "place": "place",
    "facts": "facts",
    "sku": "product__sku",
    "replaced_by": "replacement",
    "tags": "tags__name",
    "summary": "summary",
}


class Counts(TypedDict):
    n: int


with collecting() as TOOLS:

    @tool(read_only=True, fields=KINDS)
    def list_shipments(status: Shipment.Status) -> list[Shipment]:
        """List shipments."""
        return Shipment.objects.filter(status=status)  # type: ignore[return-value]

    @tool(fields=KINDS)
    def send_shipment(sku: str) -> Shipment:
        """Send a shipment, and show it as it was just saved."""
        shipment = Shipment.objects.create(
            product=Product.objects.get(sku=sku),
            status=Shipment.Status.SENT,
            fee="9.5",
            sent_at="2026-01-31T13:00:00+01:00",
            seal=b"\x00\xff",
            photo="b.png",
            country="NZ",
            worth="9.5",
            place="3,4",
            facts={"a": (1,)},
        )
        shipment.tags.add(Tag.objects.create(name="cold"))
        return shipment

    @tool(read_only=True, fields=["sku", "n"])
    async def count_orders() -> list[Annotated[Product, Counts]]:
        """Count the orders of each product."""
        return Product.objects.annotate(n=Count("orders"))  # type: ignore[return-value]

    @tool(read_only=True, fields=["sku", "n"])
    def count_orders_untyped() -> QuerySet[Product]:
        """Count the orders of each product."""
        return Product.objects.annotate(n=Count("orders"))

    @tool(read_only=True)
    async def export_orders() -> FileResponse:
        """Export the orders as a table."""
        return FileResponse(io.BytesIO(b"a;b"), filename="orders.csv")


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    product = Product.objects.create(sku="a-1", name="Apple", price=1)
    Order.objects.create(buyer=User.objects.create_user("ann"), product=product, quantity=2)
    with serving(TOOLS) as application:
        yield application


def call(application: Application, name: str, arguments: Any = None) -> CallToolResult:
    """What the official client receives; it raises for what its schema does not allow."""

    async def call() -> CallToolResult:
        transport: Any = httpx2.ASGITransport(app=application)
        async with asyncio.timeout(PATIENCE), httpx2.AsyncClient(transport=transport) as http:
            wire = streamable_http_client("http://testserver/mcp", http_client=http)
            async with OfficialClient(wire) as client:
                await client.list_tools()
                return await client.call_tool(name, arguments or {})

    return asyncio.run(call())


SHOWN = {
    "state": "sent",
    "status": "On its way",
    "fee": "9.50",
    "sent": "2026-01-31T12:00:00Z",
    "seal": "AP8=",
    "photo": "/b.png",
    "country": "NZ",
    "worth": "9.50 EUR",
    "place": "3,4",
    "facts": {"a": [1]},
    "sku": "a-1",
    "replaced_by": None,
    "tags": ["cold"],
    "summary": "a-1, On its way",
}


def test_model_is_received_as_its_row_is(application: Application) -> None:
    just_saved = call(application, "send_shipment", {"sku": "a-1"})
    read_again = call(application, "list_shipments", {"status": "sent"})

    assert just_saved.structured_content == SHOWN
    assert read_again.structured_content == {"result": [SHOWN]}


@pytest.mark.parametrize("name", ["count_orders", "count_orders_untyped"])
def test_annotation_of_a_queryset_is_received(application: Application, name: str) -> None:
    result = call(application, name)

    assert result.structured_content == {"result": [{"sku": "a-1", "n": 1}]}


def test_fields_of_postgresql_are_received(application: Application) -> None:
    with isolate_apps("tests.shop"), collecting() as declared:

        class Booking(models.Model):  # noqa: DJ008
            nights = postgres.DateRangeField()
            guests = postgres.ArrayField(models.CharField(max_length=9))
            wishes = postgres.HStoreField()

            class Meta:
                app_label = "shop"

        @tool(read_only=True, fields=["nights", "guests", "wishes"])
        def get_booking() -> Booking:
            """Show a booking."""
            nights = (datetime.date(2026, 1, 1), datetime.date(2026, 1, 3))
            return Booking(nights=nights, guests=("ann", "bob"), wishes={"floor": 2, "view": None})

    with serving(declared) as application:
        result = call(application, "get_booking")

    assert result.structured_content == {
        "nights": {"lower": "2026-01-01", "upper": "2026-01-03", "bounds": "[)"},
        "guests": ["ann", "bob"],
        "wishes": {"floor": "2", "view": None},
    }


def test_file_response_is_received_as_an_embedded_file(application: Application) -> None:
    result = call(application, "export_orders")

    assert result.content == [
        EmbeddedResource(
            resource=BlobResourceContents(
                uri="attachment:///orders.csv", mime_type="text/csv", blob="YTti"
            )
        )
    ]
