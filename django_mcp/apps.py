"""App configuration: at start-up it imports the declarations, connects receivers of groups."""

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate, pre_delete
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class DjangoMCPConfig(AppConfig):
    """Configuration of the app `django_mcp`."""

    name = "django_mcp"
    verbose_name = _("MCP")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Discover declarations, in code and in rows, and connect checks and receivers."""
        from django.contrib.auth.models import Group

        from django_mcp import checks  # noqa: F401  (registers them)
        from django_mcp.policy import group_receivers
        from django_mcp.policy import groups as sync
        from django_mcp.primitives import discovery, rows
        from django_mcp.primitives.declaration import declarations
        from django_mcp.primitives.invalidation.model_receivers import connect_receivers
        from django_mcp.prompt_templates.rows import read_prompts

        if apps.is_installed("oauth2_provider"):
            from django_mcp.auth.consent.pending import login_message
            from django_mcp.auth.oauth import log_filters

            log_filters.withhold_secrets()
            user_logged_in.connect(login_message.add_message)
        discovery.discover()
        connect_receivers(declarations())
        rows.register_reader(read_prompts)
        post_migrate.connect(sync.after_migrate, sender=self)
        pre_delete.connect(group_receivers.close_orphans, sender=Group)
