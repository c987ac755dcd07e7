"""Actions that no permission class keeps from anybody."""

from collections.abc import Iterator
from typing import Any

from rest_framework.permissions import (
    AND,
    NOT,
    OR,
    AllowAny,
    BasePermission,
    DjangoModelPermissionsOrAnonReadOnly,
    IsAuthenticatedOrReadOnly,
)

from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction
from django_mcp.contrib.drf.suggestions.dangers.row_permissions import guards_rows

READABLE = (IsAuthenticatedOrReadOnly, DjangoModelPermissionsOrAnonReadOnly)
"""Permission classes that let anybody read."""


def permission_dangers(action: ExaminedAction) -> Iterator[Danger]:
    """Yield the danger of an action that anybody may call, or of which that is not known."""
    permissions = action.permissions
    if permissions is None:
        yield Danger(
            sort="permissions",
            reason="its get_permissions() fails without a real request: read what it asks for",
            withholds=not action.is_read_only,
        )
    elif all(_admits_everybody(each, action) for each in permissions):
        names = " and ".join(_spelled(each) for each in permissions)
        reason = f"{names} lets everybody in, also who is not signed in to the API"
        if not permissions:
            reason = "everybody may call it, also who is not signed in to the API"
        yield Danger(sort="no permission class", reason=reason, withholds=not action.is_read_only)


def _admits_everybody(permission: Any, action: ExaminedAction) -> bool:
    if isinstance(permission, AND):
        return all(_admits_everybody(each, action) for each in (permission.op1, permission.op2))
    if isinstance(permission, OR):
        return any(_admits_everybody(each, action) for each in (permission.op1, permission.op2))
    if isinstance(permission, NOT):
        return False
    if isinstance(permission, READABLE):
        return action.is_read_only
    if isinstance(permission, AllowAny):
        return True
    # One that inherits it judges objects alone.
    is_inherited = type(permission).has_permission is BasePermission.has_permission
    return is_inherited and not (action.is_detail and guards_rows(permission, action))


def _spelled(permission: Any) -> str:
    if isinstance(permission, AND | OR):
        sign = "&" if isinstance(permission, AND) else "|"
        return f"{_spelled(permission.op1)} {sign} {_spelled(permission.op2)}"
    return type(permission).__name__
