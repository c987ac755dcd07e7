"""Numbers of rows of results, by which exports are counted."""

from collections.abc import Callable
from typing import Any

import pytest

from django_mcp import Text
from django_mcp.calls.results import deserialize_result, serialize_result
from tests.calls import call_of, offering, serve_here
from tests.shop.models import Product


def listed() -> list[int]:
    """List numbers."""
    return [1, 2, 3]


async def alisted() -> list[int]:
    """List numbers."""
    return [1, 2, 3]


def iterated() -> list[int]:
    """List numbers."""
    return (number for number in (1, 2))  # type: ignore[return-value]


def untyped():  # type: ignore[no-untyped-def]  # noqa: ANN201
    """List numbers."""
    return [1, 2, 3]


def empty() -> list[int]:
    """List nothing."""
    return []


def single() -> dict[str, list[int]]:
    """Describe one thing, which has lists."""
    return {"sizes": [1, 2, 3]}


def nothing() -> None:
    """Return nothing."""


def blocks() -> list[Text]:
    """Return two texts."""
    return [Text(text="one"), Text(text="two")]


@pytest.mark.parametrize(
    ("function", "rows"),
    [
        (listed, 3),
        (alisted, 3),
        (iterated, 2),
        (untyped, 3),
        (empty, 0),
        (single, 1),
        (nothing, 1),
        (blocks, 1),
    ],
)
def test_rows_are_the_items_of_a_list_and_one_for_anything_else(
    db: None, function: Callable[..., Any], rows: int
) -> None:
    with offering(function, read_only=True):
        result = serve_here(call_of(function.__name__))

    assert result.rows == rows
    assert deserialize_result(serialize_result(result)) == result


@pytest.mark.parametrize(("page_size", "rows"), [(None, 3), (2, 2)])
def test_rows_of_models_are_those_that_are_fetched(
    db: None, page_size: int | None, rows: int
) -> None:
    Product.objects.bulk_create(Product(sku=f"{n}", name="spade", price=1) for n in range(3))

    def products() -> list[Product]:
        """List products."""
        return Product.objects.order_by("pk")  # type: ignore[return-value]

    with offering(products, read_only=True, fields=["name"], page_size=page_size):
        result = serve_here(call_of("products"))

    assert result.rows == rows
