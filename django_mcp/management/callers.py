"""Whom a command speaks for, and where: what a request's token would say."""

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from django_mcp.auth.users import resolve_user
from django_mcp.principals import Endpoint


def find_user(username: str) -> AbstractBaseUser:
    """The user of this natural key.

    Raises `CommandError` when there is none, or when the endpoint would not let it in.
    """
    users = get_user_model()
    try:
        user = users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise CommandError(f"There is no user {username!r}.") from None
    if not user.is_active:
        raise CommandError(f"The user {username!r} is not active: the endpoint would refuse it.")
    return user


def find_any_user(name_or_key: str) -> AbstractBaseUser:
    """The user of this natural key or else of this primary key, active or not.

    Raises `CommandError` when there is none.
    """
    user = resolve_user(name_or_key)
    if user is None:
        raise CommandError(f"There is no user {name_or_key!r}.")
    return user


def find_endpoint() -> Endpoint:
    """The project's endpoint; raises `CommandError` where its URL is not set as it should be."""
    try:
        return Endpoint.from_settings()
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error
