"""The extensions of the protocol that are served, and whether a request declares them."""

from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from django_mcp.protocol.exchange import Context

TASKS = "io.modelcontextprotocol/tasks"
"""SEP-2663: the caller of a slow tool receives a task, and asks for its result later."""


def declares_tasks(ctx: Context) -> bool:
    """Whether this very request says that its client takes tasks; only 2026-07-28 knows how."""
    capabilities = ctx.session.client_capabilities
    declared = (capabilities.extensions if capabilities is not None else None) or {}
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and TASKS in declared
