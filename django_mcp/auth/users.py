"""Lookup of users by what an operator types."""

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError

from django_mcp.redaction import storable_text


def resolve_user(name_or_key: str) -> AbstractBaseUser | None:
    """Return the user of this natural key or else of this primary key, active or not."""
    if storable_text(name_or_key, len(name_or_key)) != name_or_key:
        return None
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(name_or_key)
    except users.DoesNotExist:
        pass
    try:
        return users._default_manager.filter(pk=name_or_key).first()
    except (ValueError, ValidationError):  # it cannot be a key
        return None
