"""Check of the Django permissions that tools, resources and prompts ask for."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections, router

from django_mcp.checks.ids import CheckId
from django_mcp.primitives.registry import Registry, get_registry

OBJECT_PERMISSIONS_ADVICE = (
    "permissions= asks without an object: a permission of one object, as of django-guardian or "
    "rules, belongs in the function, or in requires=."
)


@register(Tags.database)
def check_permissions(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the permissions that tools, resources and prompts ask for exist."""
    alias = router.db_for_read(Permission)
    if alias not in (kwargs.get("databases") or ()):
        return []
    try:
        registry = get_registry()
    except Exception:  # noqa: BLE001  (check_tools tells)
        return []
    declared = _declared()
    unknown = _wanted(registry) - declared
    if unknown and Permission._meta.db_table in connections[alias].introspection.table_names():
        unknown -= _stored(alias, unknown)
    return [
        Warning(
            f"{primitive.located_name}: the permission {permission!r} does not exist, so that only "
            f"superusers see the {primitive.kind}.",
            hint=f"{_correction(permission, declared)} {OBJECT_PERMISSIONS_ADVICE} If an "
            "authentication backend of yours grants it to users as such: SILENCED_SYSTEM_CHECKS = "
            f'["{CheckId.UNKNOWN_PERMISSION}"].',
            id=CheckId.UNKNOWN_PERMISSION,
        )
        for primitive in registry.primitives.values()
        for permission in primitive.permissions
        if permission in unknown
    ]


def _correction(permission: str, declared: set[str]) -> str:
    if meant := get_close_matches(permission, declared, n=1, cutoff=0.8):
        return f'Did you mean permissions=["{meant[0]}"]?'
    return 'Write it as app_label.codename: permissions=["shop.change_product"], for example.'


def _wanted(registry: Registry) -> set[str]:
    return {permission for permissions in registry.permissions for permission in permissions}


def _declared() -> set[str]:
    """Return the permissions that models declare: `migrate` creates them after this check."""
    return {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in _codenames(model)
    }


def _codenames(model: Any) -> Iterator[str]:
    for action in model._meta.default_permissions:
        yield get_permission_codename(action, model._meta)
    for codename, _ in model._meta.permissions:
        yield codename


def _stored(alias: str, permissions: set[str]) -> set[str]:
    codenames = {permission.partition(".")[2] for permission in permissions}
    stored = Permission.objects.using(alias).filter(codename__in=codenames)
    rows = stored.values_list("content_type__app_label", "codename")
    return {f"{app_label}.{codename}" for app_label, codename in rows}
