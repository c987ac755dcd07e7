"""Handler of `completion/complete`."""

import logging
from uuid import uuid4

import mcp_types
from mcp_types import CompleteRequestParams, CompleteResult, PromptReference

from django_mcp.calls.call import Call
from django_mcp.exceptions import EndpointRateLimitedError
from django_mcp.protocol.completions import (
    complete,
    count_completion,
    referenced_prompt,
    referenced_resource,
)
from django_mcp.protocol.errors import failed_get
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.protocol.targets import Target

logger = logging.getLogger(__name__)


async def complete_argument(ctx: Context, params: CompleteRequestParams) -> CompleteResult:
    """Handle `completion/complete`. It is not on record."""
    exchange, reference, argument = exchange_of(ctx), params.ref, params.argument.name
    try:
        await count_completion(exchange.principal, exchange.peer.address)
        if isinstance(reference, PromptReference):
            primitive = await referenced_prompt(reference.name, exchange.principal)
        else:
            primitive = await referenced_resource(reference.uri, exchange.principal)
        target = Target(
            kind=primitive.kind,
            name=primitive.name,
            arguments=(params.context and params.context.arguments) or {},
            uri="" if isinstance(reference, PromptReference) else reference.uri,
        )
        invocation = exchange.invocation(target, ctx.params or {}, ctx.protocol_version)
        call = Call(invocation=invocation, target=primitive)
        completion = await complete(call, primitive, argument=argument, value=params.argument.value)
    except Exception as error:  # noqa: BLE001  (rendering knows what clients may know)
        if isinstance(error, EndpointRateLimitedError):
            exchange.refusals.append(error)
        raise failed_get(error, uuid4()) from None
    logger.debug(
        "Completed %r of the %s %s with %d values",
        argument,
        primitive.kind,
        primitive.name,
        len(completion.values),
    )
    return CompleteResult(
        completion=mcp_types.Completion(
            values=list(completion.values), total=completion.total, has_more=completion.has_more
        )
    )
