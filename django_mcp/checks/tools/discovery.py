"""Check of modules that declare primitives and that start-up does not import."""

import pkgutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.checks.tools.source_text import declares_primitives
from django_mcp.conf import Settings, settings
from django_mcp.primitives.discovery import imported_modules, searched_modules
from django_mcp.schemas.callables import shown_path

TESTS = ("test", "conftest")


@register
def check_discovery(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that every module that declares tools, resources or prompts is imported at start-up."""
    if Settings.AUTODISCOVER.problem():
        return []  # check_settings tells
    # A package may be searched twice: as one that the setting names, and below one of the default.
    unimported = {each.module: each for each in _unimported_modules()}.values()
    # One list for all of them: what a second hint has set would take back the first.
    names = dict.fromkeys([*settings.AUTODISCOVER, *(each.name for each in unimported)])
    line = f"{Settings.AUTODISCOVER.name} = {list(names)}"
    return [
        Warning(
            f"{each.module} declares tools, resources or prompts, and start-up does not import it: "
            "they are not served.",
            hint=f'Add "import {each.module}" to {_file_of(each.package)}, or write {line} in the '
            "settings."
            if each.package in imported_modules()
            else f"Write {line} in the settings.",
            id=CheckId.UNIMPORTED_MODULE,
        )
        for each in unimported
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnimportedModule:
    """Declaring module that start-up does not import; `package` is the searched one above it."""

    app: str
    module: str
    package: str

    @property
    def name(self) -> str:
        """Name of the module in the setting, relative to its app."""
        return self.module.removeprefix(f"{self.app}.")


def _unimported_modules() -> Iterator[UnimportedModule]:
    for app, name in searched_modules():
        package = f"{app}.{name}"
        for spec in _modules(app, package):
            if spec.name not in imported_modules() and _declares_primitives(spec):
                yield UnimportedModule(app=app, module=spec.name, package=package)


def _modules(app: str, package: str) -> Iterator[ModuleSpec]:
    """Yield a searched module and those below it; none is imported that start-up did not."""
    if package in imported_modules():
        yield from _submodules(package, getattr(sys.modules[package], "__path__", ()))
    elif package.removeprefix(f"{app}.") in Settings.AUTODISCOVER.default:
        spec = find_spec(package)  # of an app, which is imported: nothing else is
        if spec is not None:
            yield spec
            yield from _submodules(package, spec.submodule_search_locations or ())


def _file_of(package: str) -> str:
    file = sys.modules[package].__file__
    return package if file is None else shown_path(Path(file))


def _submodules(package: str, path: Iterable[str]) -> Iterator[ModuleSpec]:
    """Yield the modules below a package, at any depth and without tests; none is imported."""
    for finder, name, _ in pkgutil.iter_modules(path, f"{package}."):
        if name.rpartition(".")[2].startswith(TESTS):
            continue
        spec = finder.find_spec(name, None)
        if spec is not None:
            yield spec
            yield from _submodules(name, spec.submodule_search_locations or ())


def _declares_primitives(spec: ModuleSpec) -> bool:
    """Return whether the source of the module imports a declarator."""
    if not isinstance(spec.loader, InspectLoader):
        return False
    try:
        return declares_primitives(spec.loader.get_source(spec.name) or "")
    except (ImportError, SyntaxError, ValueError):
        return False  # whoever imports it is told
