"""Names of files in a storage, which lead nowhere but below their prefix."""

import re

FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
"""Control characters, and the separator of folders that some storages take for another `/`."""


def is_name(path: str) -> bool:
    """Return whether a path leads down to a file, in the one way in which it is written.

    It does so without a step up or in place, and not from a root.
    """
    steps = path.split("/")
    return not FORBIDDEN.search(path) and not any(step in ("", ".", "..") for step in steps)


def read_prefix(given: object) -> str:
    """Return the prefix with the `/` at its end. Raises `ValueError` for its author."""
    if given == "":
        return ""
    prefix = given.removesuffix("/") if isinstance(given, str) else ""
    if not is_name(prefix):
        raise ValueError(
            f"prefix must be a folder of the storage, such as receipts/, not {given!r}"
        )
    return f"{prefix}/"
