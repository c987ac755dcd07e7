"""Permission classes that look at rows, or ask for more than an account."""

from typing import Any

from rest_framework.permissions import (
    AND,
    NOT,
    OR,
    BasePermission,
    DjangoModelPermissions,
    IsAdminUser,
)

from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction


def guards_rows(permission: Any, action: ExaminedAction) -> bool:
    """Return whether a permission keeps ordinary users from rows of others, as far as is known.

    It looks at the object of an action that has one, or lets in staff or holders of a permission.
    """
    if isinstance(permission, AND):
        return any(guards_rows(each, action) for each in (permission.op1, permission.op2))
    if isinstance(permission, OR):
        return all(guards_rows(each, action) for each in (permission.op1, permission.op2))
    if isinstance(permission, NOT):
        return guards_rows(permission.op1, action)
    if isinstance(permission, IsAdminUser):
        return True
    if isinstance(permission, DjangoModelPermissions):
        method = action.operation.method.upper()
        return bool(permission.perms_map.get(method))
    own = getattr(type(permission), "has_object_permission", None)
    return action.is_detail and own is not BasePermission.has_object_permission
