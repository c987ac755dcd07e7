"""Handlers of `prompts/list` and `prompts/get`."""

from mcp_types import (
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
)

from django_mcp.dispatch import begin
from django_mcp.kinds import Kind
from django_mcp.prompts.prompt import Prompt
from django_mcp.protocol.definitions import wire_prompt
from django_mcp.protocol.errors import failed_get
from django_mcp.protocol.exchange import Context
from django_mcp.protocol.handlers.calls import call_of, served
from django_mcp.protocol.handlers.pages import visible_page
from django_mcp.protocol.rate_limits import with_limits
from django_mcp.protocol.results import prompt_result


async def list_prompts(ctx: Context, params: PaginatedRequestParams) -> ListPromptsResult:
    """Handle `prompts/list`."""
    page = await visible_page(ctx, params, Prompt)
    return ListPromptsResult(
        prompts=[with_limits(wire_prompt(each), each) for each in page.items],
        next_cursor=page.next_cursor,
    )


async def get_prompt(ctx: Context, params: GetPromptRequestParams) -> GetPromptResult:
    """Handle `prompts/get`."""
    call = call_of(ctx, Kind.PROMPT)
    try:
        return prompt_result(await served(ctx, call, begin(call)), call.id, call.primitive)
    except Exception as error:  # noqa: BLE001  (rendering knows what clients may know)
        raise failed_get(error, call.id) from None
