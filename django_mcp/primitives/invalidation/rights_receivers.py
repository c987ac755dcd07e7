"""Receivers of changes of users' rights, which invalidate what was computed under the old ones."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete

from django_mcp.primitives.invalidation.invalidation import end_after_commit, end_now
from django_mcp.primitives.result_cache.keys import RIGHTS, generation_of, identity_of

UID = "django_mcp.cache.rights"


def connect_rights() -> None:
    """End results of the users whose groups or permissions change, as Django knows them.

    Connecting again changes nothing.
    """
    user_model: Any = get_user_model()
    for field in ("groups", "user_permissions"):
        through = getattr(getattr(user_model, field, None), "through", None)
        if through is not None:
            m2m_changed.connect(_on_user_change, sender=through, dispatch_uid=UID)
    through = Group.permissions.through
    m2m_changed.connect(_on_group_change, sender=through, dispatch_uid=UID)
    post_delete.connect(_on_group_change, sender=Group, dispatch_uid=UID)


def _on_user_change(
    *,
    instance: Model,
    model: type[Model],
    pk_set: set[Any] | None,
    using: str,
    action: str,
    **facts: Any,
) -> None:
    if not action.startswith("post"):
        return
    user_model = get_user_model()
    users: list[Any] | None = None  # all
    if isinstance(instance, user_model):
        users = [instance]
    elif issubclass(model, user_model) and pk_set is not None:
        users = [model(pk=key) for key in pk_set]
    _end([None] if users is None else [identity_of(each) for each in users], using)


def _on_group_change(*, using: str, action: str = "post", **facts: Any) -> None:
    if action.startswith("post"):
        _end([None], using)


def _end(users: list[list[str] | None], using: str) -> None:
    keys = tuple(generation_of(RIGHTS, each) for each in users)
    end_after_commit(lambda: end_now(keys), using)
