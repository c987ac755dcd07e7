"""The modules in which tools are looked for."""

import pkgutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.declaring_source import declares_tools
from django_mcp.conf import Settings, settings
from django_mcp.tools.callables import shown_path

TESTS = ("test", "conftest")

_imported: frozenset[str] = frozenset()


def note_imported_modules() -> None:
    """Note what start-up has imported below the searched packages, before anything imports more.

    URLs are loaded later, and by the checks too: what views import is there for a check, and not
    when the endpoint reads the tools.
    """
    global _imported
    packages = tuple(f"{package}." for _, package in _searched_packages())
    _imported = frozenset(name for name in tuple(sys.modules) if name.startswith(packages))


@register
def check_discovery(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Every module that declares tools is imported at start-up."""
    if Settings.AUTODISCOVER.problem():
        return []  # check_settings tells
    return [
        Warning(
            f"{spec.name} declares tools, and start-up does not import it: they are not served.",
            hint=f'Add "import {spec.name}" to {_file_of(package)}, or add '
            f'"{spec.name.removeprefix(app_name + ".")}" to {Settings.AUTODISCOVER.name}.',
            id="django_mcp.W030",
        )
        for app_name, package in _searched_packages()
        for spec in _submodules(package, sys.modules[package].__path__)
        if spec.name not in _imported and _declares_tools(spec)
    ]


def _searched_packages() -> Iterator[tuple[str, str]]:
    """The names of apps and of the packages where modules with one name are looked for in each."""
    for app_config in apps.get_app_configs():
        for name in settings.AUTODISCOVER:
            package = f"{app_config.name}.{name}"
            if hasattr(sys.modules.get(package), "__path__"):
                yield app_config.name, package


def _file_of(package: str) -> str:
    file = sys.modules[package].__file__
    return package if file is None else shown_path(Path(file))


def _submodules(package: str, path: Iterable[str]) -> Iterator[ModuleSpec]:
    """The modules below a package at any depth, but for tests; none of them is imported."""
    for finder, name, _ in pkgutil.iter_modules(path, f"{package}."):
        if name.rpartition(".")[2].startswith(TESTS):
            continue
        spec = finder.find_spec(name, None)
        if spec is not None:
            yield spec
            yield from _submodules(name, spec.submodule_search_locations or ())


def _declares_tools(spec: ModuleSpec) -> bool:
    """Whether its source imports what declares tools."""
    if not isinstance(spec.loader, InspectLoader):
        return False
    try:
        return declares_tools(spec.loader.get_source(spec.name) or "")
    except (ImportError, SyntaxError, ValueError):
        return False  # whoever imports it is told
