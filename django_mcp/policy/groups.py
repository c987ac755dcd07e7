"""Sync of `ToolGroup` and `ToolSwitch` rows with the code; decisions of operators stay."""

from collections import defaultdict
from typing import Any

from django.apps import AppConfig
from django.apps import apps as current_apps
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS, router

from django_mcp.conf import settings
from django_mcp.kinds import Key, Kind, sort_key
from django_mcp.primitives.registry import servable


def sync_groups(*, apps: Apps = current_apps, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Create the missing rows for the primitives in a database; return what was created.

    A declared one that cannot be served gets none: the row of its group might never be used.
    `apps` supplies the models: after a migration they may be older than the code.
    """
    group_model: Any = apps.get_model("django_mcp", "ToolGroup")
    switch_model: Any = apps.get_model("django_mcp", "ToolSwitch")
    declared: dict[str, set[Key]] = defaultdict(set)
    for primitive in servable():
        declared[primitive.group].add(primitive.key)
    created: list[str] = []
    for name in sorted(declared):
        group, is_new = group_model._base_manager.using(using).get_or_create(
            name=name, defaults={"enabled": settings.ENABLE_NEW_GROUPS}
        )
        switches = switch_model._base_manager.using(using)
        known = set(switches.filter(group=group).values_list("kind", "name"))
        missing = sorted(declared[name] - known, key=sort_key)
        # Two deployments may migrate at once: whoever comes second adds nothing.
        switches.bulk_create(
            [switch_model(group=group, kind=kind, name=each) for kind, each in missing],
            ignore_conflicts=True,
        )
        created += [name] * is_new + [_text(name, key) for key in missing]
    return created


def _text(group: str, key: Key) -> str:
    kind, name = key
    return f"{group}/{name}" if kind == Kind.TOOL else f"{group}/{name} ({kind})"


def after_migrate(
    sender: AppConfig, *, using: str, apps: Apps = current_apps, **kwargs: Any
) -> None:
    """Receiver of `post_migrate`: sync the database that has the tables, once they exist.

    `migrate` hands over the models as they are then; `flush` hands over none.
    """
    try:
        model = apps.get_model("django_mcp", "ToolSwitch")
    except LookupError:
        return  # migrated backwards, past the tables
    if not router.allow_migrate_model(using, model):
        return
    sync_groups(apps=apps, using=using)
