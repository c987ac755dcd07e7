"""Visibility of primitives to one caller, and the denials that hide them."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

from django.contrib.auth.models import Group
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from django_mcp.policy.requirements import UserState, user_state
from django_mcp.policy.snapshot import GroupPolicy, Snapshot
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import get_registry
from django_mcp.primitives.requirement import Requirement
from django_mcp.principals import Principal

P = TypeVar("P", bound=Primitive)


class Denial(TextChoices):
    """Reason to hide a primitive, with a label for operators. Callers never see it."""

    GROUP_DISABLED = "group_disabled", _("its group is disabled")
    SWITCHED_OFF = "switched_off", _("it is switched off")
    GROUP_READ_ONLY = "group_read_only", _("its group is read-only and it is not")
    OTHER_ENDPOINT = "other_endpoint", _("its group is not served at this endpoint")
    CLIENT_NOT_ALLOWED = "client_not_allowed", _("the application is not allowed in its group")
    USER_REQUIRED = "user_required", _("it needs a user")
    USER_NOT_ALLOWED = (
        "user_not_allowed",
        _("the user is in none of the user groups allowed in its group"),
    )
    PERMISSION_MISSING = "permission_missing", _("the user lacks a permission that it needs")
    REQUIREMENT_UNMET = "requirement_unmet", _("its requirement is not met")


Permissions = tuple[str, ...]

CURED_BY_LOGIN = frozenset({Denial.USER_REQUIRED})


def closures_of(
    primitive: Primitive, policy: GroupPolicy, *, served: frozenset[str] | None = None
) -> list[Denial]:
    """Return the denials that hide a primitive from every caller.

    `policy` is that of its group, and `served` are the groups of an endpoint; None for all.
    """
    found = []
    if not policy.enabled:
        found.append(Denial.GROUP_DISABLED)
    if served is not None and primitive.group not in served:
        found.append(Denial.OTHER_ENDPOINT)
    if primitive.key in policy.switched_off:
        found.append(Denial.SWITCHED_OFF)
    if policy.read_only and not primitive.read_only:
        found.append(Denial.GROUP_READ_ONLY)
    return found


def hides_by_caller(primitive: Primitive, policy: GroupPolicy) -> bool:
    """Return whether a primitive is hidden from some callers and not from others."""
    limits = (policy.allowed_clients, policy.allowed_groups, primitive.permissions)
    return any(limits) or primitive.requires is not None or primitive.requires_user


class Visibility:
    """Primitives that one principal sees by one snapshot; the user's rights are read lazily, once.

    Use it in a thread, unless `may_query` is false.
    """

    def __init__(self, principal: Principal, snapshot: Snapshot) -> None:
        self.principal = principal
        self._snapshot = snapshot
        self._held: dict[Permissions, bool] = {}
        self._first_denials: dict[Primitive, Denial | None] = {}

    def find(self, cls: type[P], name: str) -> P | None:
        """Return the primitive of this class and name, if it exists for this caller."""
        return self.shown(self._snapshot.registry.find(cls, name))

    def shown(self, found: P | None) -> P | None:
        """Return a primitive if it exists for this caller; pass None for a name that is not found.

        A name that does not exist costs as many queries and calls of predicates as one
        that is hidden: otherwise the time would reveal which it is.
        """
        if found is not None and self.sees(found):
            return found
        for permissions in get_registry().permissions:
            self._has_permissions(permissions)
        if get_registry().requirements:
            _ = self._met
        if self._snapshot.allows_groups and not self.principal.is_anonymous:
            _ = self._user_groups
        return None

    def may_query_to_show(self, found: Primitive | None) -> bool:
        """Return whether `shown` reads rights or calls predicates."""
        if found is not None and not self.may_query(found) and self.sees(found):
            return False
        if any(each.applies_to(self.principal) for each in get_registry().requirements):
            return True
        rights = get_registry().permissions or self._snapshot.allows_groups
        return bool(rights) and not self.principal.is_anonymous

    def sees(self, primitive: Primitive) -> bool:
        """Return whether it exists for this caller; missing scopes do not hide it."""
        return self.denial(primitive) is None

    def may_query(self, primitive: Primitive) -> bool:
        """Return whether `sees` reads rights or calls predicates."""
        if primitive.requires is not None and primitive.requires.applies_to(self.principal):
            return True
        rights = primitive.permissions or self._snapshot.policy(primitive.group).allowed_groups
        return bool(rights) and not self.principal.is_anonymous

    def must_log_in(self, primitive: Primitive) -> bool:
        """Return whether logging in may be all that an anonymous caller lacks."""
        if not self.principal.is_anonymous or not primitive.scopes:
            return False
        return self.denial(primitive) in (None, *CURED_BY_LOGIN)

    def denial(self, primitive: Primitive) -> Denial | None:
        """Return the first denial of a primitive to the caller; None when the caller sees it.

        It is judged once, so that a look-up may ask for it again.
        """
        if primitive not in self._first_denials:
            self._first_denials[primitive] = next(self.denials(primitive), None)
        return self._first_denials[primitive]

    def denials(self, primitive: Primitive) -> Iterator[Denial]:
        """Yield every denial of a primitive to the caller, each evaluated when it is due."""
        policy = self._snapshot.policy(primitive.group)
        yield from closures_of(primitive, policy, served=self.principal.endpoint.groups)
        if policy.allowed_clients and self.principal.client_id not in policy.allowed_clients:
            yield Denial.CLIENT_NOT_ALLOWED
        if policy.allowed_groups and not self._is_member(policy):
            yield Denial.USER_NOT_ALLOWED
        if primitive.permissions and not self._has_permissions(primitive.permissions):
            yield Denial.PERMISSION_MISSING
        if primitive.requires is not None and not self._meets(primitive.requires):
            yield Denial.REQUIREMENT_UNMET
        if primitive.requires_user and self.principal.is_anonymous:
            yield Denial.USER_REQUIRED

    def missing_permissions(self, primitive: Primitive) -> tuple[str, ...]:
        """Return the permissions of a primitive that the caller does not hold."""
        return tuple(each for each in primitive.permissions if not self._has_permissions((each,)))

    def allowed_groups(self, primitive: Primitive) -> frozenset[int]:
        """Return the keys of the user groups whose members may use it; empty for every user."""
        return self._snapshot.policy(primitive.group).allowed_groups

    def has_failed(self, requirement: Requirement) -> bool:
        """Return whether the predicate raised an exception instead of giving a verdict."""
        return requirement in self._snapshot.verdicts.failed_for(self.principal, self._user_state)

    def _is_member(self, policy: GroupPolicy) -> bool:
        return not self._user_groups.isdisjoint(policy.allowed_groups)

    def _has_permissions(self, permissions: Permissions) -> bool:
        if permissions not in self._held:
            _ = self._user_state  # before the lookup, which leaves its cache on the user
            # A user model without Django's permissions holds none.
            has_perms = getattr(self.principal.user, "has_perms", None)
            self._held[permissions] = has_perms is not None and bool(has_perms(permissions))
        return self._held[permissions]

    def _meets(self, requirement: Requirement) -> bool:
        return requirement.applies_to(self.principal) and requirement in self._met

    @cached_property
    def _met(self) -> frozenset[Requirement]:
        return self._snapshot.verdicts.met_by(self.principal, self._user_state)

    @cached_property
    def _user_state(self) -> UserState:
        return user_state(self.principal.user) if get_registry().requirements else {}

    @cached_property
    def _user_groups(self) -> frozenset[int]:
        groups: Any = getattr(self.principal.user, "groups", None)
        # A user model may call something else its groups; their keys would be taken for Django's.
        if getattr(groups, "model", None) is not Group:
            return frozenset()
        return frozenset(groups.values_list("pk", flat=True))
