"""Files of a storage that a caller may read, and their contents."""

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files import File
from django.core.files.storage import Storage

from django_mcp.content import EmbeddedResource
from django_mcp.exceptions import ToolError
from django_mcp.primitives.caller_functions import CallerFunction
from django_mcp.resources.files.media_types import contents_of
from django_mcp.resources.files.names import is_name
from django_mcp.resources.files.storages import check_place
from django_mcp.schemas.input.keyword_signature import CONTEXT
from django_mcp.schemas.result_limits import check_file_bytes

logger = logging.getLogger(__name__)

CHUNK_BYTES = 2**16

MISSING = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.EACCES,
        errno.EPERM,
        errno.EINVAL,
    }
)
"""Errors of the system by which there is no such file for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files below a prefix of a storage, as far as a caller may read them."""

    storage: Callable[[], Storage]
    prefix: str
    may_read: CallerFunction
    mime_type: str | None

    def read(self, **arguments: Any) -> EmbeddedResource:
        """Return the contents of the file of a path.

        Raises `ToolError` for one that is missing, and for one that the caller may not read, and
        `ResultTooLargeError` before more is read than a chunk above the limit.
        """
        principal = arguments.pop(CONTEXT).principal
        (path,) = arguments.values()
        name = f"{self.prefix}{path}"
        if not is_name(path) or not self.may_read.call(principal, path=name):
            raise _missing()
        storage = self.storage()
        with _missing_as_tool_error(name):
            check_place(storage, name, self.prefix)
            with storage.open(name, "rb") as file:
                data = _read(file)
        return contents_of(name, data, mime_type=self.mime_type)


def _read(file: "File[Any]") -> bytes:
    size = getattr(file, "size", None)
    if isinstance(size, int):
        check_file_bytes(size)  # some storages fetch the whole file for its first byte
    data = bytearray()
    while chunk := file.read(CHUNK_BYTES):
        data += chunk.encode() if isinstance(chunk, str) else chunk
        check_file_bytes(len(data))
    return bytes(data)


@contextmanager
def _missing_as_tool_error(name: str) -> Iterator[None]:
    """Map the errors inside the block by which there is no such file for the caller."""
    try:
        yield
    except SuspiciousOperation as error:
        raise _missing() from error
    except OSError as error:
        if error.errno not in MISSING and not isinstance(error, FileNotFoundError):
            raise
        if isinstance(error, PermissionError):
            logger.warning("The server may not read the file %r", name)
        raise _missing() from error


def _missing() -> ToolError:
    return ToolError("Resource not found", outcome="not_found")
