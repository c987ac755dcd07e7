"""Storages that keep count of what is done to them, and some that fail."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage
from typing_extensions import override


class WatchedStorage(FileSystemStorage):
    """A folder that notes each name that it is asked for, and the files that it has opened."""

    def __init__(self, location: str) -> None:
        super().__init__(location=location)
        self.names: list[str] = []
        self.opened: list[File[Any]] = []

    @override
    def path(self, name: str) -> str:
        self.names.append(name)
        return super().path(name)

    @override
    def open(self, name: str, mode: str = "rb") -> "File[Any]":
        file = super().open(name, mode)
        self.opened.append(file)
        return file


class Endless(BytesIO):
    """A file that never ends, of which it counts what was read."""

    taken = 0

    @override
    def read(self, size: int | None = -1) -> bytes:
        assert (size or 0) > 0, "nothing may read it to its end"
        self.taken += size or 0
        return b"x" * (size or 0)


class Broken(BytesIO):
    """A file whose first part is there, and whose rest fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.parts: Iterator[bytes] = iter([b"part"])
        self.error = error

    @override
    def read(self, size: int | None = -1) -> bytes:
        for part in self.parts:
            return part
        raise self.error


class RemoteStorage(Storage):
    """A storage elsewhere, whose `open` does what a test says."""

    def __init__(self, opening: Callable[[], Any], size: int | None = None) -> None:
        self.opening = opening
        self.length = size
        self.files: list[File[Any]] = []

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        file: File[Any] = File(self.opening(), name)
        if self.length is not None:
            file.size = self.length
        self.files.append(file)
        return file


def raising(error: Exception) -> Callable[[], Any]:
    """What raises an error when it is called."""

    def fail() -> Any:
        raise error

    return fail
