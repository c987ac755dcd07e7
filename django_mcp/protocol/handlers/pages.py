"""Pages of lists: the primitives that a caller sees, in the order of their names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mcp_types import PaginatedRequestParams

from django_mcp.catalog import visible
from django_mcp.conf import settings
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.protocol.cursors import next_cursor, position_in
from django_mcp.protocol.errors import internal_error
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.schemas.models.keyset import Position
from django_mcp.threads.executors import run_in_control

P = TypeVar("P", bound=Primitive)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list, and the cursor of the next; None on the last."""

    items: Sequence[T]
    next_cursor: str | None


async def visible_page(
    ctx: Context,
    params: PaginatedRequestParams,
    cls: type[P],
    *,
    where: Callable[[P], bool] = lambda each: True,
    visible: Callable[[type[P], Principal], list[P]] = visible,
) -> Page[P]:
    """Return the page of the primitives of a class, `where` that holds, which a request asks for.

    Raises `MCPError` for a cursor that is none of this list, and when rights cannot be read.
    """
    position = position_in(ctx, params.cursor)
    after = "" if position is None else position.values[0]
    shown = await all_visible(ctx, cls, visible)
    rest = [each for each in shown if where(each) and each.name > after]
    page = rest[: settings.LIST_PAGE_SIZE]
    if len(page) == len(rest):
        return Page(items=page, next_cursor=None)
    last = Position(order=("name",), values=(page[-1].name,))
    return Page(items=page, next_cursor=next_cursor(ctx, last))


async def all_visible(
    ctx: Context, cls: type[P], visible: Callable[[type[P], Principal], list[P]] = visible
) -> list[P]:
    """Return the primitives of a class that the caller of a request sees, in order.

    Raises `MCPError` when rights cannot be read.
    """
    try:
        return await run_in_control(visible, cls, exchange_of(ctx).principal)
    except Exception as error:  # noqa: BLE001  (a 2025-era client would be shown its text)
        raise internal_error(error) from None
