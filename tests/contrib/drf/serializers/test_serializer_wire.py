"""Tools with a serializer as clients of both eras call them, on the threads of the server."""

import asyncio
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from pytest_django import Settings
from rest_framework import serializers as s

from django_mcp import tool
from django_mcp.asgi import Application
from django_mcp.primitives.declaration import collecting
from tests.background.rows import settled
from tests.clients import client as client
from tests.clients import era as era
from tests.keys import PATH
from tests.shop.models import Product
from tests.wire import Client, serving

pytestmark = pytest.mark.django_db(transaction=True)


class ProductSerializer(s.ModelSerializer):
    class Meta:
        model = Product
        fields = ("sku", "name", "price")


def add(product: ProductSerializer) -> Product:
    """Add a product."""
    added: Product = product.save()
    return added


async def aadd(product: ProductSerializer) -> Product:
    """Add a product."""
    added: Product = await sync_to_async(product.save)()
    return added


def add_slowly(product: ProductSerializer) -> Product:
    """Add a product."""
    added: Product = product.save()
    return added


def products() -> QuerySet[Product]:
    """List products."""
    return Product.objects.all()


with collecting() as TOOLS:
    tool(serializer=ProductSerializer)(add)
    tool(serializer=ProductSerializer)(aadd)
    tool(serializer=ProductSerializer, background=True)(add_slowly)
    tool(serializer=ProductSerializer, read_only=True, page_size=5)(products)

TEA = {"sku": "tea", "name": "Tea", "price": "3.50"}


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(TOOLS) as application:
        yield application


@pytest.mark.parametrize("name", ["add", "aadd"])
def test_result_is_what_the_serializer_has_saved_and_renders(client: Client, name: str) -> None:
    answer = asyncio.run(client.acall(name, **TEA))

    assert answer.result["structuredContent"] == TEA
    assert Product.objects.get().name == "Tea"


@pytest.mark.parametrize("name", ["add", "aadd", "add_slowly"])
def test_serializer_refuses_values_by_field(client: Client, name: str) -> None:
    Product.objects.create(**TEA)

    answer = asyncio.run(client.acall(name, **TEA))

    text = answer.result["content"][0]["text"]
    assert text == "The arguments are invalid.\n- sku: product with this sku already exists."


def test_background_tool_saves_in_its_worker(client: Client) -> None:
    asyncio.run(client.acall("add_slowly", **TEA))

    assert settled().status == "completed"
    assert Product.objects.get().name == "Tea"


def test_pages_are_rows_that_the_serializer_renders(client: Client) -> None:
    Product.objects.create(**TEA)

    answer = asyncio.run(client.acall("products"))

    assert answer.result["structuredContent"] == {"result": [TEA], "next": None}
