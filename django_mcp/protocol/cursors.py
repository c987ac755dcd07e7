"""Cursors of lists: each goes on in one list of one endpoint, for the caller whom it was given."""

from django_mcp.protocol.errors import invalid_cursor
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.schemas.models.keyset import Position
from django_mcp.schemas.pages.cursors import binding, read_cursor, write_cursor


def next_cursor(ctx: Context, position: Position) -> str:
    """Return the cursor of the page that follows a position in the list of a request."""
    return write_cursor(position, bound_to=_list_of(ctx))


def position_in(ctx: Context, cursor: str | None) -> Position | None:
    """Return the position that a page follows; None for the first page.

    Raises `MCPError` for what is no cursor of this list and this caller.
    """
    if not cursor:
        return None
    try:
        return read_cursor(cursor, bound_to=_list_of(ctx))
    except ValueError:
        raise invalid_cursor() from None


def _list_of(ctx: Context) -> str:
    principal = exchange_of(ctx).principal
    return binding(
        list=ctx.method,
        endpoint=principal.endpoint.name,
        user=None if principal.user is None else principal.user.pk,
    )
