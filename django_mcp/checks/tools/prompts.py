"""Check of the prompts that operators have written."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections, router

from django_mcp.checks.ids import CheckId
from django_mcp.models import PromptArgument, PromptTemplate
from django_mcp.prompt_templates.rows import unserved_prompts


@register(Tags.database)
def check_prompts(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every prompt that operators have enabled is served."""
    alias = router.db_for_read(PromptTemplate)
    if alias not in (kwargs.get("databases") or ()):
        return []
    tables = {model._meta.db_table for model in (PromptTemplate, PromptArgument)}
    if not tables.issubset(connections[alias].introspection.table_names()):
        return []  # `migrate` makes them, after this check
    # By columns that every version of the tables has: this also runs before a migration.
    return [
        Warning(
            f"The prompt {name!r} of the admin is not served: {reason}",
            hint="Correct it in the admin, under “Prompts”, or disable it there.",
            id=CheckId.UNSERVED_PROMPT,
        )
        for name, reason in unserved_prompts().items()
    ]
