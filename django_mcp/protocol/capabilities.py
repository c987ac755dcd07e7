"""Extensions of the protocol that are served, and their declaration by clients."""

from django_mcp.protocol.exchange import Context, is_modern

TASKS = "io.modelcontextprotocol/tasks"
"""SEP-2663: the caller of a slow tool receives a task, and asks for its result later."""


def declares_tasks(ctx: Context) -> bool:
    """Return whether this very request declares that its client takes tasks (2026-07-28 only)."""
    capabilities = ctx.session.client_capabilities
    declared = (capabilities.extensions if capabilities is not None else None) or {}
    return is_modern(ctx) and TASKS in declared
