"""Storages of files, as declarations name them."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.storage import InvalidStorageError, Storage, storages


def read_storage(given: Any) -> Callable[[], Storage]:
    """Return the function that returns the storage. Raises `ValueError` for its author.

    An alias is looked up whenever it is used, as `storages` does.
    """
    if isinstance(given, str):
        try:
            storages[given]
        except InvalidStorageError as error:
            raise ValueError(f"storage {given!r}: {error}") from error
        return lambda: storages[given]
    found = given() if callable(given) and not isinstance(given, Storage) else given
    if not isinstance(found, Storage):
        raise ValueError(
            "storage must be a Storage, an alias of STORAGES, or a function that returns a "
            f"Storage, not {given!r}"
        )
    return lambda: found


def check_place(storage: Storage, name: str, prefix: str) -> None:
    """Raise `FileNotFoundError` unless a file of this machine is a plain one below the prefix.

    Symbolic links are followed first: the storage itself looks at names alone. Other storages have
    no links and no devices. Raises what the storage raises, too.
    """
    try:
        path, root = storage.path(name), storage.path(prefix)
    except NotImplementedError:
        return
    if not os.path.lexists(path):
        return  # one in memory has paths, too
    resolved = Path(os.path.realpath(path, strict=True))
    is_below = resolved.is_relative_to(os.path.realpath(root))
    # Opening a pipe would wait for its writer.
    if not is_below or not stat.S_ISREG(resolved.stat().st_mode):
        raise FileNotFoundError(name)
