"""Orders of a query: the values of its parameter `order_by`."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.models.query_columns import query_column
from django_mcp.tools.queries.operands import type_of


def read_orders(model: type[Model], declared: Iterable[Any]) -> tuple[str, ...]:
    """Return every order, each in both directions, the default first.

    Raises `ValueError` with all problems, for the author.
    """
    problems = []
    orders: dict[str, None] = {}
    for each in declared:
        try:
            path = _path(model, each)
        except ValueError as error:
            problems.append(f"order_by: {error}")
            continue
        opposite = path if each.startswith("-") else f"-{path}"
        orders |= {each: None, opposite: None}
    if problems:
        raise DeclarationError(problems)
    return tuple(orders)


def _path(model: type[Model], order: Any) -> str:
    if not isinstance(order, str):
        raise ValueError(f"{order!r} is no name of a field")
    path = order.removeprefix("-")
    try:
        column = query_column(model, path)
    except ValueError as error:
        raise ValueError(f"{path!r}: {error}") from None
    if type_of(column.field) is None:
        raise ValueError(f"{path!r} is a {type(column.field).__name__}, which has no order")
    return path
