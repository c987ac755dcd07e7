"""Check of the names of prompts that operators have written."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections, router

from django_mcp.checks.ids import CheckId
from django_mcp.kinds import Kind
from django_mcp.models import PromptTemplate
from django_mcp.primitives.declaration import declarations
from django_mcp.primitives.rows import spelling


@register(Tags.database)
def check_prompt_names(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that no prompt of an operator has the name of one in the code."""
    alias = router.db_for_read(PromptTemplate)
    declared = {spelling(each.key): each for each in declarations() if each.kind is Kind.PROMPT}
    if not declared or alias not in (kwargs.get("databases") or ()):
        return []
    if PromptTemplate._meta.db_table not in connections[alias].introspection.table_names():
        return []  # `migrate` makes it, after this check
    rows = PromptTemplate.objects.using(alias).order_by("name").values_list("name", flat=True)
    return [
        Warning(
            f"The prompt {name!r} of the admin is not served: {found.located_name} has its name.",
            hint="Give it another name in the admin, under “Prompts”, or delete it there.",
            id=CheckId.SHADOWED_PROMPT,
        )
        for name in rows
        if (found := declared.get(spelling((Kind.PROMPT, name)))) is not None
    ]
