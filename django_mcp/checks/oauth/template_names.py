"""Proposals for the name of a template that does not exist."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.template import engines
from django.template.backends.django import DjangoTemplates

from django_mcp.schemas.callables import shown_path

MAX_FOLDERS = 5
"""The number of folders that a proposal lists; every app may have one."""


def name_advice(name: str) -> str:
    """Return similar template names, and the folders in which templates are looked for."""
    folders = list(_folders())
    meant = _near_misses(name, folders)
    parts = [f"Did you mean {' or '.join(map(repr, meant))}?"] if meant else []
    if folders:
        # Those below the project come as relative paths: its author looks there.
        shown = sorted((shown_path(each) for each in folders), key=lambda path: path[:1] == "/")
        rest = len(shown) - MAX_FOLDERS
        more = f" and {rest} more folders" if rest > 0 else ""
        parts.append(f"Templates are looked for in {', '.join(shown[:MAX_FOLDERS])}{more}.")
    return " ".join(parts)


def _folders() -> Iterator[Path]:
    """Yield the folders of all loaders that have some: a cached error does not list them."""
    for backend in engines.all():
        if isinstance(backend, DjangoTemplates):
            for loader in _loaders(backend.engine.template_loaders):
                yield from map(Path, getattr(loader, "get_dirs", list)())


def _loaders(loaders: Iterable[Any]) -> Iterator[Any]:
    for loader in loaders:
        yield loader
        yield from _loaders(getattr(loader, "loaders", ()))  # those of the cached one


def _near_misses(name: str, folders: Iterable[Path]) -> list[str]:
    names = list(dict.fromkeys(_names(folders)))
    base = name.rpartition("/")[2]
    elsewhere = [each for each in names if each.rpartition("/")[2] == base]
    return list(dict.fromkeys([*get_close_matches(name, names, n=2, cutoff=0.8), *elsewhere]))[:3]


def _names(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        for file in sorted(folder.rglob("*.html")):
            yield file.relative_to(folder).as_posix()
