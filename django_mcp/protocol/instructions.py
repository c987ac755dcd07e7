"""Instructions of an endpoint for agents: a text, or a template rendered for each client."""

import logging
from typing import Any

from django.template import Context as TemplateContext
from django.template.backends.django import Template
from django.template.loader import get_template
from mcp.server.context import CallNext, HandlerResult, ServerMiddleware

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.protocol.exchange import Context
from django_mcp.threads.executors import run_in_control

logger = logging.getLogger(__name__)

INTRODUCTIONS = ("initialize", "server/discover")
"""Methods whose results have instructions, each in its era."""


def instructions_of(endpoint: Endpoint) -> ServerMiddleware[Any]:
    """Return middleware of the SDK's server that puts instructions into what it says of itself."""

    async def add_instructions(ctx: Context, call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        if ctx.method in INTRODUCTIONS and isinstance(result, dict):
            instructions = await _instructions(endpoint)
            return {**result, "instructions": instructions} if instructions else result
        return result

    return add_instructions


async def _instructions(endpoint: Endpoint) -> str:
    """Return the instructions; empty where there are none, or their template fails."""
    text, template = endpoint.instructions, endpoint.instructions_template
    if not text and not template:
        text, template = settings.INSTRUCTIONS, settings.INSTRUCTIONS_TEMPLATE
    if not template:
        return str(text)
    try:
        # On a thread, because it may query.
        return await run_in_control(_rendered, template, endpoint)
    except Exception:
        logger.exception(
            "The instructions of the endpoint %r are left out: %s failed", endpoint.name, template
        )
        return ""


def _rendered(name: str, endpoint: Endpoint) -> str:
    template = get_template(name)
    context = {"endpoint": endpoint}
    if isinstance(template, Template):
        # Plain text for agents, in which "&amp;" would be wrong.
        text = str(template.template.render(TemplateContext(context, autoescape=False)))
    else:
        text = template.render(context)
    return text.strip().encode("utf-8", "replace").decode("utf-8")
