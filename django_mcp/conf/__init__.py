"""Settings `DJANGO_MCP_*` of a project, with their types, defaults and help texts."""

from django_mcp.conf.combined import Settings, declared_settings, settings

__all__ = ["Settings", "declared_settings", "settings"]
