"""Check of packages with tools, resources or prompts that are not installed as apps."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.checks.tools.source_text import declares_primitives
from django_mcp.conf import Settings, settings
from django_mcp.primitives.declaration import declarations
from django_mcp.schemas.callables import shown_path


@register
def check_installed_apps(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that packages with tools, resources or prompts are installed."""
    # Only where nothing is declared: a project may leave an app out on purpose, but hardly all.
    if declarations() or Settings.AUTODISCOVER.problem():
        return []
    return [
        Warning(
            f"{shown_path(file)} declares tools, resources or prompts, and {app} is not in "
            "INSTALLED_APPS: they are not served.",
            hint=f'Write INSTALLED_APPS = [*INSTALLED_APPS, "{app}"] in the settings.',
            id=CheckId.UNINSTALLED_APP,
        )
        for app, folder in _packages()
        for file in _searched_files(folder)
        if _is_declaring(file)
    ]


def _packages() -> Iterator[tuple[str, Path]]:
    """Yield names and folders of the packages right below `BASE_DIR` that are no apps."""
    base = getattr(django_settings, "BASE_DIR", None)
    if not isinstance(base, str | Path) or not Path(base).is_dir():
        return
    installed = {Path(each.path).resolve() for each in apps.get_app_configs()}
    for folder in sorted(Path(base).iterdir()):
        is_package = folder.name.isidentifier() and (folder / "__init__.py").is_file()
        if is_package and folder.resolve() not in installed:
            yield folder.name, folder


def _searched_files(folder: Path) -> Iterator[Path]:
    for name in settings.AUTODISCOVER:
        module = folder.joinpath(*name.split("."))
        yield from filter(Path.is_file, (module.with_suffix(".py"), module / "__init__.py"))


def _is_declaring(file: Path) -> bool:
    try:
        return declares_primitives(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return False
