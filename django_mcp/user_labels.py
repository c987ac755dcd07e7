"""Labels of users: the text by which pages, commands and the record show a user."""

import inspect
import logging
import re
from typing import Any

from django.utils.module_loading import import_string

from django_mcp.conf import Settings, settings
from django_mcp.db.text import storable_text

MAX_LABEL_CHARACTERS = 255

HEXADECIMAL = re.compile(r"(?:[0-9a-f]-?){16,}", re.ASCII | re.IGNORECASE)
LONG_WORD = re.compile(r"[a-z0-9_-]{20,}", re.ASCII | re.IGNORECASE)
TURN = re.compile(r"\d(?=[A-Za-z])|[A-Za-z](?=\d)|[a-z](?=[A-Z])", re.ASCII)
RANDOM_TURNS = 4

logger = logging.getLogger(__name__)

_logged: set[str] = set()


def user_label(user: Any) -> str:
    """Return the label of a user by `DJANGO_MCP_USER_LABEL`: one line of bounded length.

    It may query where that callable does. It never raises and is never empty: where the callable
    fails, which is logged once, the default counts, and in the last place the user's key. The
    label is plain text that can be sent and stored, even if the callable marks it as safe HTML.
    """
    return (
        _called(settings.USER_LABEL, user)
        or _called(Settings.USER_LABEL.default, user)
        or str(getattr(user, "pk", user))
    )


def readable_label(user: Any) -> str:
    """Return the username or, where that is opaque or missing, the full name or e-mail address.

    Without either, the username. The default of `DJANGO_MCP_USER_LABEL`.
    """
    username = username_of(user)
    if not is_opaque(username):
        return username
    full_name = getattr(user, "get_full_name", None)
    return (callable(full_name) and full_name()) or email_of(user) or username


def is_opaque(username: str) -> bool:
    """Return whether a username is an identifier that only programs can read.

    It is if it has no letter, or a `|`, or 16 hexadecimal digits or more in a row, dashes not
    counted and one of 0 to 9 among them, or 20 ASCII letters, digits, `-` and `_` or more in a row
    that have a digit and change at least four times between letter and digit, or from lower to
    upper case.
    """
    if "|" in username or not any(map(str.isalpha, username)):
        return True
    return any(map(_has_digit, HEXADECIMAL.findall(username))) or any(
        _has_digit(word) and len(TURN.findall(word)) >= RANDOM_TURNS
        for word in LONG_WORD.findall(username)
    )


def username_of(user: Any) -> str:
    """Return the username as text, whatever kind of field holds it; empty without one."""
    username = user.get_username()
    return "" if username is None else str(username)


def email_of(user: Any) -> str:
    """Return the e-mail address; empty without one."""
    name_of_field = getattr(user, "get_email_field_name", None)
    field = name_of_field() if callable(name_of_field) else "email"
    return str(getattr(user, field, None) or "")


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _called(path: str, user: Any) -> str:
    try:
        label = import_string(path)(user)
        if not isinstance(label, str):
            if inspect.iscoroutine(label):
                label.close()
            raise TypeError(f"{path} returned a {type(label).__name__}, not a str")
    except (Exception, SystemExit):  # of a script that is called as a function
        if path not in _logged:
            _logged.add(path)
            logger.exception("%s failed; users are shown by the default label", path)
        return ""
    # Joined anew, it is plain text. Much longer than any column, it would only be cut off later.
    return " ".join(storable_text(label, 4 * MAX_LABEL_CHARACTERS).split())[:MAX_LABEL_CHARACTERS]
