"""Check of the package's settings."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from django_mcp.checks.endpoint.url import may_be_url
from django_mcp.checks.https import EXAMPLE_URL
from django_mcp.checks.ids import CheckId
from django_mcp.conf import Settings, declared_settings
from django_mcp.setting import PREFIX


@register
def check_settings(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every setting has a valid value, and none is misspelt."""
    found: list[CheckMessage] = [
        Error(
            f"{setting.name} {problem}.",
            hint=f"Set {setting.name} to {setting.allowed_values()}; the default is "
            f"{setting.default!r}. {setting.help}",
            id=CheckId.INVALID_SETTING,
        )
        for setting in declared_settings()
        if (problem := setting.problem())
    ]
    set_by_project = sorted(dir(django_settings))
    known = [setting.name for setting in declared_settings()]
    found += [
        Warning(
            f"{name} is not a setting of django_mcp.",
            hint=_correction(name, known),
            id=CheckId.UNKNOWN_SETTING,
        )
        for name in set_by_project
        # The prefix alone: other packages keep all of their settings in one dictionary.
        if name == PREFIX.rstrip("_") or (name.startswith(PREFIX) and name not in known)
    ]
    return found


def _correction(name: str, known: Sequence[str]) -> str:
    if name == PREFIX.rstrip("_"):
        return f'Write each setting by itself, such as {Settings.URL.name} = "{EXAMPLE_URL}".'
    if may_be_url(name):
        meant = [Settings.URL.name]
    else:
        meant = (
            _spelt_like(name, known)
            or _sharing_words(name, known)
            or get_close_matches(name, known, n=1, cutoff=0.8)
        )
    if meant:
        return f"Did you mean {' or '.join(meant)}? Rename it, or take it out."
    return "Take it out of the settings. The reference of settings lists those that there are."


def _spelt_like(name: str, known: Sequence[str]) -> list[str]:
    """Return the setting that differs by a letter or so: the prefix would make all names alike."""
    bare = {each.removeprefix(PREFIX): each for each in known}
    found = get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=0.85)
    return [bare[each] for each in found]


def _sharing_words(name: str, known: Sequence[str]) -> list[str]:
    """Return up to three settings whose words include, or are included in, those of the name."""
    words = set(name.removeprefix(PREFIX).split("_"))
    all_words = {each: set(each.removeprefix(PREFIX).split("_")) for each in known}
    return [each for each, others in all_words.items() if words <= others or others <= words][:3]
