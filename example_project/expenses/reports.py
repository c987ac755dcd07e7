"""Storage of annual reports: Django's default storage, with one folder for each owner.

Nothing serves that storage as a whole. A report is reached through the page that asks whose it is.
"""

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


def keep_report(owner: User, year: int, content: bytes) -> str:
    """Keep the report of a year; return the file's name.

    It takes the place of an older one: the storage must be one that overwrites.
    """
    path = default_storage.save(_path(owner, year), ContentFile(content))
    return path.rpartition("/")[2]


def read_report(owner: User, year: int) -> bytes:
    """The report of a year. Raises `FileNotFoundError` when this user has none."""
    with default_storage.open(_path(owner, year)) as file:
        content: bytes = file.read()
    return content


def years_with_reports(owner: User) -> list[int]:
    """The years that this user has reports of, the latest first."""
    try:
        _, names = default_storage.listdir(_folder(owner))
    except FileNotFoundError:
        return []
    return sorted((int(name.removesuffix(".xlsx")) for name in names), reverse=True)


def _folder(owner: User) -> str:
    return f"reports/{owner.pk}"


def _path(owner: User, year: int) -> str:
    return f"{_folder(owner)}/{year}.xlsx"
