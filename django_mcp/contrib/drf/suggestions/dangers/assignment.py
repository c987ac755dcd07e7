"""Mass assignment: bodies that set what their senders should not choose."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework.fields import HiddenField
from rest_framework.relations import ManyRelatedField, RelatedField
from rest_framework.serializers import ALL_FIELDS, ModelSerializer

from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction
from django_mcp.contrib.drf.suggestions.dangers.nested_fields import Level, levels_of
from django_mcp.db.refused_queries import answer_of

RIGHTS = {
    "is_admin",
    "is_staff",
    "is_superuser",
    "password",
    "permissions",
    "role",
    "roles",
    "user_permissions",
}
"""Names of fields that are rights of an account."""

USER_RIGHTS = {"groups", "is_active"}
"""Names of fields that are such of users, and something else of other rows."""

OWNERS = {"created_by", "owner", "user"}
"""Names of fields that say whose a row is."""

RELATED_OWNERS = {"account", "author", "company", "organisation", "organization", "tenant"}
"""Names of fields that do where they are related rows, and no texts."""


def assignment_dangers(action: ExaminedAction) -> Iterator[Danger]:
    """Yield the dangers of the fields that an action takes in its body."""
    if action.body is None:
        return
    levels = list(levels_of(action.body, _is_writable))
    every = [each for each in map(_open_fields, levels) if each is not None]
    if every:
        reason = f"{', '.join(dict.fromkeys(every))}: what the model gets later can be set, too"
        yield Danger(sort="mass assignment", reason=reason, withholds=True)
    if rights := _paths(levels, _is_right):
        reason = f"it sets {rights}, which may be rights of an account"
        yield Danger(sort="mass assignment", reason=reason, withholds=True)
    if owners := _paths(levels, _is_owner):
        reason = f"it sets {owners}, which may say whose the row is"
        yield Danger(sort="mass assignment", reason=reason, withholds=True)


def _is_writable(field: Any) -> bool:
    return not field.read_only and not isinstance(field, HiddenField)


def _open_fields(level: Level) -> str | None:
    if not isinstance(level.serializer, ModelSerializer):
        return None
    name = type(level.serializer).__name__
    if getattr(level.meta, "fields", None) == ALL_FIELDS:
        return f"{name} has fields = '__all__'"
    return f"{name} has exclude" if getattr(level.meta, "exclude", None) is not None else None


def _paths(levels: list[Level], holds: Any) -> str:
    names = [
        level.path + name
        for level in levels
        for name, field in level.fields.items()
        if holds({name, str(field.source)}, field, level)
    ]
    return ", ".join(map(repr, names))


def _is_right(names: set[str], field: Any, level: Level) -> bool:
    return bool(names & RIGHTS or (names & USER_RIGHTS and _is_user(_model_of(level))))


def _is_owner(names: set[str], field: Any, level: Level) -> bool:
    related = field.child_relation if isinstance(field, ManyRelatedField) else field
    if not isinstance(related, RelatedField):
        return bool(names & OWNERS)
    queryset: Any = answer_of(related.get_queryset)
    is_of_users = _is_user(getattr(queryset, "model", None))
    return is_of_users or bool(names & (OWNERS | RELATED_OWNERS))


def _model_of(level: Level) -> Any:
    return getattr(level.meta, "model", None)


def _is_user(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, get_user_model())
