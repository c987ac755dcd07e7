"""Autodiscovery of the modules that declare primitives, by name in every installed app."""

import sys
from collections.abc import Iterator

from django.apps import apps
from django.utils.module_loading import autodiscover_modules

from django_mcp.conf import Settings, settings

_imported: frozenset[str] = frozenset()


def discover() -> None:
    """Import the modules that `DJANGO_MCP_AUTODISCOVER` names. Called once, at start-up."""
    global _imported
    autodiscover_modules(*settings.AUTODISCOVER)
    # Now, before anything imports more: URLs are loaded later, and by checks too. What views import
    # is there for a check, and not when the endpoint reads the registry.
    searched = {f"{app}.{name}" for app, name in searched_modules()}
    below = tuple(f"{module}." for module in searched)
    _imported = frozenset(
        name for name in tuple(sys.modules) if name in searched or name.startswith(below)
    )


def imported_modules() -> frozenset[str]:
    """Return the names of the searched modules, and of those below, that start-up has imported."""
    return _imported


def searched_modules() -> Iterator[tuple[str, str]]:
    """Yield pairs of app and module name: the names of the setting, and those of its default.

    A project that names others may have left those of the default out without knowing.
    """
    names = dict.fromkeys([*settings.AUTODISCOVER, *Settings.AUTODISCOVER.default])
    for app_config in apps.get_app_configs():
        for name in names:
            yield app_config.name, name
