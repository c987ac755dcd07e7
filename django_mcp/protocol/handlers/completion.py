"""Handler of `completion/complete`."""

import logging
from uuid import uuid4

import mcp_types
from mcp_types import CompleteRequestParams, CompleteResult, PromptReference

from django_mcp.completions.run import CompletionRequest, complete
from django_mcp.protocol.errors import failed_get
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.protocol.references import referenced_prompt, referenced_resource

logger = logging.getLogger(__name__)


async def complete_argument(ctx: Context, params: CompleteRequestParams) -> CompleteResult:
    """Handle `completion/complete`. It is no call: no guard is called, and nothing recorded."""
    principal, reference = exchange_of(ctx).principal, params.ref
    request = CompletionRequest(
        argument=params.argument.name,
        value=params.argument.value,
        arguments=(params.context and params.context.arguments) or {},
        principal=principal,
    )
    try:
        if isinstance(reference, PromptReference):
            primitive = await referenced_prompt(reference.name, principal)
        else:
            primitive = await referenced_resource(reference.uri, principal)
        completion = await complete(primitive, request)
    except Exception as error:  # noqa: BLE001  (rendering knows what clients may know)
        raise failed_get(error, uuid4()) from None
    logger.debug(
        "Completed %r of the %s %s with %d values",
        request.argument,
        primitive.kind,
        primitive.name,
        len(completion.values),
    )
    return CompleteResult(
        completion=mcp_types.Completion(
            values=list(completion.values), total=completion.total, has_more=completion.has_more
        )
    )
