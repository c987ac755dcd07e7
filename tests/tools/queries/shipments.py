"""A tool that queries shipments: each user sees those of the products whose number has its name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from django_mcp import query_tool
from django_mcp.primitives.declaration import Declaration, collecting
from django_mcp.primitives.registry import Registry
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import serving_declared
from tests.shop.models import Product, Shipment

NAME = "query_shipment"


def shipments_of(user: User) -> QuerySet[Shipment]:
    return Shipment.objects.filter(product__sku__startswith=user.username)


def declared(model: Any = Shipment, **options: Any) -> list[Declaration]:
    """The declaration of one tool with these options."""
    given: dict[str, Any] = {"fields": ["code"], "queryset": shipments_of, **options}
    with collecting() as found:
        query_tool(model, **given)
    return found


@contextmanager
def querying(**options: Any) -> Iterator[Registry]:
    """Serve a tool with these options instead of the project's."""
    with serving_declared(declared(**options)) as registry:
        yield registry


def query(user: User, **arguments: Any) -> ToolResult:
    return MCPClient(user).call(NAME, **arguments)


def codes(result: ToolResult) -> str:
    """The codes of the rows in a result, in their order."""
    assert not result.is_error, result.text
    return " ".join(row["code"] for row in result.structured["result"])


def shipment(code: str, *, owner: str = "ann", **values: Any) -> Shipment:
    product, _ = Product.objects.get_or_create(
        sku=f"{owner}-tea", defaults={"name": f"Tea of {owner}", "price": 1}
    )
    return Shipment.objects.create(code=code, **{"product": product, **values})
