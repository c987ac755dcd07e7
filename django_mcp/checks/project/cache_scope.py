"""Check of what shared caches may keep."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.examples import examples
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, settings
from django_mcp.policy.snapshot import GroupPolicy
from django_mcp.policy.visibility import hides_by_caller
from django_mcp.primitives.registry import get_registry

UNLIMITED = GroupPolicy(enabled=True)


@register
def check_cache_scope(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that lists which shared caches may keep are the same for every caller."""
    if settings.CACHE_SCOPE != "public":
        return []
    try:
        every = get_registry().primitives.values()
    except Exception:  # noqa: BLE001  (check_tools tells)
        return []
    hiding: dict[str, list[str]] = {}
    for primitive in every:
        if hides_by_caller(primitive, UNLIMITED):
            hiding.setdefault(primitive.kind, []).append(primitive.name)
    return [
        Warning(
            f"{Settings.CACHE_SCOPE.name} is 'public', but the list of {kind}s differs between "
            f"callers and stays private: it depends on the caller who sees {examples(names)}.",
            hint=f'Set {Settings.CACHE_SCOPE.name} = "private", or let every caller see them: what '
            "takes the user, or has permissions or requires, is hidden from some.",
            id=CheckId.VARYING_PUBLIC_LIST,
        )
        for kind, names in hiding.items()
    ]
