"""Texts for operators that explain the denials of a primitive to a caller."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext

from django_mcp.policy.visibility import Denial, Visibility
from django_mcp.primitives.primitive import Primitive

MAX_GROUPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names of permissions, by `app_label.codename`, and of user groups, by key."""

    permissions: Mapping[str, str]
    groups: Mapping[int, str]

    @classmethod
    def of(cls, denials: Mapping[Primitive, Iterable[Denial]], visibility: Visibility) -> "Names":
        """Read what the reasons for these denials name, in two queries at most."""
        permissions: set[str] = set()
        groups: set[int] = set()
        for primitive, found in denials.items():
            if Denial.PERMISSION_MISSING in found:
                permissions.update(primitive.permissions)
            if Denial.USER_NOT_ALLOWED in found:
                groups.update(visibility.allowed_groups(primitive))
        return cls(permissions=_permission_names(permissions), groups=_group_names(groups))


def denial_texts_of(
    primitive: Primitive, denials: Iterable[Denial], visibility: Visibility, names: Names
) -> Iterator[str]:
    """Yield one text for each denial, and one for the scopes that the caller lacks.

    Each names what is missing: permissions, user groups, the predicate, scopes.
    """
    is_visible = True
    for denial in denials:
        is_visible = False
        yield _with(str(denial.label), _missing(denial, primitive, visibility, names))
    if scopes := sorted(primitive.scopes - visibility.principal.scopes):
        text = (
            gettext("usable once the token holds")
            if is_visible
            else gettext("the token lacks a scope that it needs")
        )
        yield _with(text, scopes)


def _missing(
    denial: Denial, primitive: Primitive, visibility: Visibility, names: Names
) -> Iterable[str]:
    if denial is Denial.PERMISSION_MISSING:
        for permission in visibility.missing_permissions(primitive):
            name = names.permissions.get(permission)
            yield f"{permission} ({name})" if name else permission
    elif denial is Denial.USER_NOT_ALLOWED:
        keys = visibility.allowed_groups(primitive)
        allowed = sorted(names.groups[key] for key in keys if key in names.groups)
        yield from allowed[:MAX_GROUPS]
        if len(allowed) > MAX_GROUPS:
            yield "…"
    elif denial is Denial.REQUIREMENT_UNMET and primitive.requires is not None:
        name = primitive.requires.name
        failed = gettext("%(predicate)s failed, see the log") % {"predicate": name}
        yield failed if visibility.has_failed(primitive.requires) else name


def _with(text: str, names: Iterable[str]) -> str:
    return ": ".join(filter(None, (text, ", ".join(names))))


def _permission_names(permissions: set[str]) -> dict[str, str]:
    if not permissions:
        return {}
    codenames = {permission.partition(".")[2] for permission in permissions}
    rows = Permission.objects.filter(codename__in=codenames).values_list(
        "content_type__app_label", "codename", "name"
    )
    return {f"{app_label}.{codename}": name for app_label, codename, name in rows}


def _group_names(keys: set[int]) -> dict[int, str]:
    if not keys:
        return {}
    return dict(Group.objects.filter(pk__in=keys).values_list("pk", "name"))
