"""Directory of the users whom an operator may look up in the admin."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from django_mcp.auth.users import Resolution, Users, resolve_user, user_of_username
from django_mcp.escapes import printable
from django_mcp.user_labels import user_label, username_of


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDirectory:
    """Directory of the users whom the operator of a request may view.

    Where the admin site has a page of users, its permissions and its queryset count; elsewhere the
    permission to view or change users.
    """

    request: HttpRequest
    site: AdminSite

    def resolve(self, text: str) -> Resolution:
        """Resolve a text among these users.

        For operators who may look at none it resolves exact usernames alone, and has no candidates.
        """
        users = self._users()
        if users is None:
            return Resolution(user=user_of_username(text))
        found = resolve_user(text, users=users)
        if found.user is not None and not self._may_view(found.user):
            return Resolution()
        return Resolution(
            user=found.user,
            candidates=self.visible(found.candidates),
            is_ambiguous=found.is_ambiguous,
        )

    def visible(self, users: Iterable[AbstractBaseUser]) -> list[AbstractBaseUser]:
        """Return those of the users whom the operator may look at."""
        among = self._users()
        if among is None:
            return []
        found = {user.pk: user for user in users}
        keys = set(among.filter(pk__in=found).values_list("pk", flat=True)) if found else set()
        return [user for key, user in found.items() if key in keys and self._may_view(user)]

    def label(self, user: AbstractBaseUser) -> str:
        """Return the label of a user, or the username of one whom the operator may not look at."""
        is_visible = self._users() is not None and self._may_view(user)
        return printable(user_label(user) if is_visible else username_of(user))

    def _users(self) -> Users | None:
        model = get_user_model()
        page = self._page
        if page is not None:
            if not page.has_view_permission(self.request):
                return None
            users: Users = page.get_queryset(self.request)
            return users
        opts = model._meta
        may_view = any(
            self.request.user.has_perm(f"{opts.app_label}.{get_permission_codename(action, opts)}")
            for action in ("view", "change")
        )
        return model._default_manager.all() if may_view else None

    def _may_view(self, user: AbstractBaseUser) -> bool:
        page = self._page
        return page is None or bool(page.has_view_permission(self.request, user))

    @property
    def _page(self) -> Any:
        model = get_user_model()
        return self.site.get_model_admin(model) if self.site.is_registered(model) else None


def candidate_text(user: AbstractBaseUser) -> str:
    """Return the label, the username where it differs, and the key."""
    label, username = user_label(user), username_of(user)
    name = label if label == username else f"{label}, {username}"
    return printable(f"{name} ({user.pk})")
