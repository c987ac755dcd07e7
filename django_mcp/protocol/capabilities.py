"""The extensions of the protocol that are served, and whether a request declares them."""

from django_mcp.protocol.exchange import Context, is_modern

TASKS = "io.modelcontextprotocol/tasks"
"""SEP-2663: the caller of a slow tool receives a task, and asks for its result later."""


def declares_tasks(ctx: Context) -> bool:
    """Whether this very request says that its client takes tasks; only 2026-07-28 knows how."""
    capabilities = ctx.session.client_capabilities
    declared = (capabilities.extensions if capabilities is not None else None) or {}
    return is_modern(ctx) and TASKS in declared
