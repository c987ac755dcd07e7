"""Lookup of users by username, key or e-mail address, as operators type them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, TypeAlias

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Case, CharField, Q, QuerySet, TextField, Value, When

from django_mcp.db.text import storable_text
from django_mcp.user_labels import email_of, username_of

Users: TypeAlias = QuerySet[AbstractBaseUser]

MAX_TEXT_CHARACTERS = 255
"""Length of a text; a longer one names no user."""

MAX_CANDIDATES = 10
MAX_COMPARED_ROWS = 100
MAX_COMPARED_CHARACTERS = 64
MAX_WORDS = 3
MIN_SIMILARITY = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Result of a lookup: the one user whom a text names, or the candidates.

    Without a `user`, the `candidates` are those whom the text names, if it `is_ambiguous`, and
    otherwise those with similar names; they are at most `MAX_CANDIDATES`.
    """

    user: AbstractBaseUser | None = None
    candidates: Sequence[AbstractBaseUser] = ()
    is_ambiguous: bool = False


def resolve_user(text: str, *, users: Users | None = None) -> Resolution:
    """Return the result of a lookup by username, else by key, or by e-mail address.

    Usernames are compared as the manager of the user model does (`get_by_natural_key`), e-mail
    addresses in any case, also where they are the usernames. A username that is the e-mail address
    of another user is ambiguous: users may be free to choose such a one. `users` narrows the
    lookup. The number of queries and of rows is bounded.
    """
    if not _is_storable(text):
        return Resolution()
    if users is None:
        users = get_user_model()._default_manager.all()
    named = _named(text, users) or _of_key(text, users)
    addressed = [] if named and _has_email_as_username() else _of_email(text, users)
    found = list({user.pk: user for user in (*named, *addressed)}.values())
    match found[: MAX_CANDIDATES + 1]:
        case [user]:
            return Resolution(user=user)
        case []:
            return Resolution(candidates=_similar(text, users))
        case several:
            return Resolution(candidates=several[:MAX_CANDIDATES], is_ambiguous=True)


def user_of_username(text: str) -> AbstractBaseUser | None:
    """Return the user of exactly this username, active or not; None without one."""
    users = get_user_model()._default_manager.all()
    named = _named(text, users) if _is_storable(text) else []
    return named[0] if len(named) == 1 else None


def _is_storable(text: str) -> bool:
    return bool(text) and storable_text(text, MAX_TEXT_CHARACTERS) == text


def _named(text: str, users: Users) -> list[AbstractBaseUser]:
    model: Any = get_user_model()
    field = f"{model.USERNAME_FIELD}"
    find = getattr(model._default_manager, "get_by_natural_key", None)
    try:
        if find is None:
            return list(users.filter((field, text))[:1])
        return list(users.filter(pk=find(text).pk))
    except model.DoesNotExist:
        return []
    except model.MultipleObjectsReturned:  # of a manager that minds no case
        return list(users.filter((f"{field}__iexact", text))[: MAX_CANDIDATES + 1])
    except (ValueError, ValidationError):  # it cannot be a username, as where these are numbers
        return []


def _of_key(text: str, users: Users) -> list[AbstractBaseUser]:
    try:
        return list(users.filter(pk=text))
    except (ValueError, ValidationError):  # it cannot be a key
        return []


def _of_email(text: str, users: Users) -> list[AbstractBaseUser]:
    field = _email_field()
    if "@" not in text or field is None:
        return []
    return list(users.filter((f"{field}__iexact", text)).order_by("pk")[: MAX_CANDIDATES + 1])


def _has_email_as_username() -> bool:
    """Return whether usernames are e-mail addresses, so that an exact one is unambiguous."""
    return _email_field() == get_user_model().USERNAME_FIELD


def _email_field() -> str | None:
    model: Any = get_user_model()
    name = model.get_email_field_name()
    return name if _is_text_column(name) else None


def _is_text_column(name: str) -> bool:
    try:
        field = get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return isinstance(field, CharField | TextField)


def _similar(text: str, users: Users) -> list[AbstractBaseUser]:
    """Find users with similar names among a bounded number of rows, the most similar first."""
    stem = _stem(text)
    terms = list(dict.fromkeys((stem, *stem.split()[:MAX_WORDS])))
    names = (get_user_model().USERNAME_FIELD, _email_field(), "first_name", "last_name")
    fields = [name for name in dict.fromkeys(names) if name and _is_text_column(name)]
    if not stem or not fields:
        return []
    begins, contains, resembles = Q(), Q(), Q()
    for field in fields:
        begins |= Q((f"{field}__istartswith", stem))
        for term in terms:
            half = len(term) // 2
            contains |= Q((f"{field}__icontains", term))
            resembles |= Q((f"{field}__istartswith", term[: half or 1]))
            resembles |= Q((f"{field}__iendswith", term[half:]))
    nearness = Case(When(begins, then=Value(0)), When(contains, then=Value(1)), default=Value(2))
    rows = users.filter(begins | contains | resembles).order_by(nearness, fields[0], "pk")
    ranked = [(_similarity(user, stem), user) for user in rows[:MAX_COMPARED_ROWS]]
    ranked.sort(key=lambda pair: -pair[0])  # stable: equal ones stay in the order of their names
    near = [user for similarity, user in ranked if similarity >= MIN_SIMILARITY]
    return near[:MAX_CANDIDATES]


def _similarity(user: AbstractBaseUser, stem: str) -> float:
    """Return 0 to 1 for names that resemble the text, and more for those that contain it."""
    return max(SequenceMatcher(None, name, stem).ratio() + (stem in name) for name in _names(user))


def _names(user: AbstractBaseUser) -> Iterator[str]:
    # Not the label: a project's may query, and would for every row that is compared.
    first, last = (str(getattr(user, name, None) or "") for name in ("first_name", "last_name"))
    return map(_stem, (username_of(user), email_of(user), first, last, f"{first} {last}"))


def _stem(text: str) -> str:
    """Return the part of a name that is compared: of an e-mail address that before the `@`."""
    bounded = text.strip()[:MAX_COMPARED_CHARACTERS].casefold()
    return bounded.partition("@")[0] or bounded
