"""Users, endpoints and scopes that arguments of commands name."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser

from django_mcp.auth.users import Resolution, resolve_user
from django_mcp.endpoints import DEFAULT_NAME, Endpoint, get_endpoints
from django_mcp.escapes import printable
from django_mcp.primitives.registry import get_registry
from django_mcp.user_labels import user_label, username_of

MAX_QUOTED_CHARACTERS = 60
"""Length of a text that a message quotes."""


def find_user(text: str) -> AbstractBaseUser:
    """Return the active user whom this username, key or e-mail address names.

    Raises `CommandError` when there is none, or when the endpoint would refuse it.
    """
    user = find_any_user(text)
    if not user.is_active:
        raise CommandError(f"The user {named(user)} is not active: the endpoint would refuse it.")
    return user


def find_any_user(text: str) -> AbstractBaseUser:
    """Return the user whom this username, key or e-mail address names, active or not.

    Raises `CommandError`, which lists candidates, when there is none or more than one.
    """
    resolution = resolve_user(text)
    if resolution.user is None:
        raise CommandError(unresolved_text(text, resolution))
    return resolution.user


def unresolved_text(text: str, resolution: Resolution) -> str:
    """Return the message that a text names no user, with one candidate on each line."""
    lines = [f"  {_candidate(user)}" for user in resolution.candidates]
    if resolution.is_ambiguous:
        head = f"More than one user is called {quoted(text)}. Give the username or the key of one:"
        return "\n".join((head, *lines))
    head = f"There is no user {quoted(text)}."
    return "\n".join((f"{head} Did you mean one of these?", *lines)) if lines else head


def named(user: AbstractBaseUser) -> str:
    """Return the label of a user with the key, for a terminal."""
    return printable(f"{user_label(user)} ({user.pk})")


def _candidate(user: AbstractBaseUser) -> str:
    label, username = user_label(user), username_of(user)
    name = label if label == username else f"{label}, username {username}"
    note = "" if user.is_active else ", not active"
    return printable(f"{name}, key {user.pk}{note}")


def quoted(text: str) -> str:
    """Return a bounded text in quotation marks, with control characters escaped."""
    return repr(text if len(text) <= MAX_QUOTED_CHARACTERS else f"{text[:MAX_QUOTED_CHARACTERS]}…")


def add_endpoint_argument(parser: CommandParser, *, note: str = "") -> None:
    """Add the argument `--endpoint`, whose value `find_endpoint` takes."""
    parser.add_argument(
        "--endpoint",
        metavar="NAME",
        default=DEFAULT_NAME,
        help=f"{note}at the endpoint of this name ({DEFAULT_NAME})",
    )


def find_endpoint(name: str) -> Endpoint:
    """Return the endpoint of this name.

    Raises `CommandError` when there is none, or when the settings of endpoints are invalid.
    """
    try:
        endpoints = get_endpoints()
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error
    endpoint = endpoints.by_name(name)
    if endpoint is None:
        names = " ".join(each.name for each in endpoints)
        raise CommandError(f"There is no endpoint {quoted(name)}. The endpoints are: {names}.")
    return endpoint


def find_scopes(text: str) -> list[str]:
    """Split scopes at spaces. Raises `CommandError` for a scope that nothing requires."""
    scopes, known = text.split(), get_registry().scopes
    if unknown := sorted(set(scopes) - set(known)):
        raise CommandError(
            f"No tool, resource or prompt asks for: {' '.join(unknown)}. "
            f"The scopes are: {' '.join(known) or '(none)'}."
        )
    return scopes
