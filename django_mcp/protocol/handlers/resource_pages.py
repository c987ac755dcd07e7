"""Pages of `resources/list`: resources without variables by their names, then instances.

Those of each model follow the name of its resource, in the order of its queryset.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from uuid import uuid4

from mcp_types import PaginatedRequestParams
from mcp_types import Resource as WireResource

from django_mcp.calls.call import Call
from django_mcp.calls.pipeline import enclosed
from django_mcp.calls.run import error_for_client
from django_mcp.calls.steps import Place, Step, drive_on_thread, only
from django_mcp.conf import settings
from django_mcp.exceptions import BusyError, CallError, TimedOutError
from django_mcp.guards import all_guards
from django_mcp.kinds import Kind
from django_mcp.protocol.cursors import next_cursor, position_in
from django_mcp.protocol.definitions import wire_entry, wire_resource
from django_mcp.protocol.errors import failed_list, invalid_cursor
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.protocol.handlers.pages import Page, all_visible
from django_mcp.protocol.rate_limits import with_limits
from django_mcp.protocol.targets import Target
from django_mcp.resources.models.entries import Entries, StalePositionError
from django_mcp.resources.models.resource import ModelResource
from django_mcp.resources.resource import NOT_FOUND_OUTCOMES, Resource
from django_mcp.schemas.models.keyset import Position
from django_mcp.threads.answers import answered_within
from django_mcp.threads.executors import run_in_worker

PLAIN = ""
"""Section of the resources without variables; that of a model is the name of its resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Item of the list, with its position; None is an instance that no URI names."""

    definition: WireResource | None
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Instances of one model, of which those after `start` are listed."""

    call: Call
    resource: ModelResource
    entries: Entries
    start: Position | None


async def resource_page(ctx: Context, params: PaginatedRequestParams) -> Page[WireResource]:
    """Return the page of the list that a request asks for, with one query for each model on it.

    No row is looked for without the rights to read it. Raises `MCPError` for a cursor that is none
    of this list, and when a part of the page cannot be made: a page is whole or fails.
    """
    position, wanted = position_in(ctx, params.cursor), settings.LIST_PAGE_SIZE
    shown = await all_visible(ctx, Resource)
    # One more than the page has, by which it is known whether another follows.
    items = list(islice(_plain(shown, position), wanted + 1))
    if len(items) <= wanted and (sections := list(_sections(ctx, shown, position))):
        loop = asyncio.get_running_loop()
        try:
            rows = run_in_worker(_rows, sections, wanted + 1 - len(items), loop)
            items += await answered_within(settings.TIMEOUT, rows)
        except BusyError as error:
            raise failed_list(error, uuid4()) from None
        except TimeoutError:
            raise failed_list(TimedOutError(retryable=True, hint=""), uuid4()) from None
    page = items[:wanted]
    return Page(
        items=[each.definition for each in page if each.definition is not None],
        next_cursor=None if len(items) == len(page) else next_cursor(ctx, page[-1].position),
    )


def _plain(shown: Sequence[Resource], position: Position | None) -> Iterator[Item]:
    if position is not None and position.order[0] != PLAIN:
        return
    after = "" if position is None else position.values[0]
    for each in shown:
        if not each.is_template and each.name > after:
            place = Position(order=(PLAIN,), values=(each.name,))
            yield Item(definition=with_limits(wire_resource(each), each), position=place)


def _sections(
    ctx: Context, shown: Sequence[Resource], position: Position | None
) -> Iterator[Section]:
    """Yield the models whose instances the caller may read, from the position on."""
    exchange = exchange_of(ctx)
    current, *order = (PLAIN,) if position is None else position.order
    for each in shown:
        if not isinstance(each, ModelResource) or each.entries is None or each.name < current:
            continue
        if not each.scopes <= exchange.principal.scopes:
            continue
        start = None
        if position is not None and each.name == current:
            start = Position(order=tuple(order), values=position.values)
        target = Target(kind=Kind.RESOURCE, name=each.name, arguments={}, uri=each.uri)
        invocation = exchange.invocation(target, ctx.params or {}, ctx.protocol_version)
        call = Call(invocation=invocation, target=each)
        yield Section(call=call, resource=each, entries=each.entries, start=start)


def _rows(sections: Sequence[Section], limit: int, loop: asyncio.AbstractEventLoop) -> list[Item]:
    """Return the first instances of the sections, up to the limit."""
    found: list[Item] = []
    for section in sections:
        found += _rows_of(section, limit - len(found), loop)
        if len(found) == limit:
            break
    return found


def _rows_of(section: Section, limit: int, loop: asyncio.AbstractEventLoop) -> Iterator[Item]:
    call, resource = section.call, section.resource
    fetch = Step(
        partial(section.entries.after, call.principal, section.start, limit=limit), Place.TOOL
    )
    try:
        rows = drive_on_thread(enclosed(call, all_guards(), partial(only, fetch)), loop=loop)
    except StalePositionError:
        raise invalid_cursor() from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  (rendering knows what clients may know)
        known = error if isinstance(error, CallError) else error_for_client(error, call)
        if known.outcome in NOT_FOUND_OUTCOMES:
            return  # as every read would be answered
        raise failed_list(known, call.id) from None
    for entry, position in rows:
        definition = None
        if entry is not None:
            definition = with_limits(wire_entry(resource, entry), resource)
        yield Item(
            definition=definition,
            position=Position(order=(resource.name, *position.order), values=position.values),
        )
