"""Handlers of `resources/list`, `resources/templates/list` and `resources/read`."""

from mcp_types import (
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
)

from django_mcp.dispatch import begin
from django_mcp.kinds import Kind
from django_mcp.protocol.definitions import wire_resource_template
from django_mcp.protocol.errors import failed_read
from django_mcp.protocol.exchange import Context, is_modern
from django_mcp.protocol.handlers.calls import call_of, served
from django_mcp.protocol.handlers.pages import visible_page
from django_mcp.protocol.handlers.resource_pages import resource_page
from django_mcp.protocol.rate_limits import with_limits
from django_mcp.protocol.results import read_result
from django_mcp.resources.resource import Resource


async def list_resources(ctx: Context, params: PaginatedRequestParams) -> ListResourcesResult:
    """Handle `resources/list`: resources without variables in their URI, and instances."""
    page = await resource_page(ctx, params)
    return ListResourcesResult(resources=list(page.items), next_cursor=page.next_cursor)


async def list_resource_templates(
    ctx: Context, params: PaginatedRequestParams
) -> ListResourceTemplatesResult:
    """Handle `resources/templates/list`."""
    page = await visible_page(ctx, params, Resource, where=lambda each: each.is_template)
    return ListResourceTemplatesResult(
        resource_templates=[with_limits(wire_resource_template(each), each) for each in page.items],
        next_cursor=page.next_cursor,
    )


async def read_resource(ctx: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
    """Handle `resources/read`."""
    call = call_of(ctx, Kind.RESOURCE)
    try:
        return read_result(await served(ctx, call, begin(call)), call.id)
    except Exception as error:  # noqa: BLE001  (rendering knows what clients may know)
        raise failed_read(error, call.id, params.uri, is_modern=is_modern(ctx)) from None
