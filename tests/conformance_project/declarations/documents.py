"""Documents: the files of one folder as resources, and nothing outside of it.

The folder is `documents` beside the settings, unless `CONFORMANCE_DOCUMENTS` names another.
"""

import mimetypes
import os
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage
from django.http import Http404

from django_mcp import EmbeddedResource, resource
from tests.conformance_project.declarations.scopes import USE

SHIPPED = Path(__file__).resolve().parents[1] / "documents"
DOCUMENTS = FileSystemStorage(os.path.realpath(os.environ.get("CONFORMANCE_DOCUMENTS", SHIPPED)))


@resource("doc://{name}", group="fixtures", scopes=USE)
def document(name: str) -> EmbeddedResource:
    """A file.

    Args:
        name: Its name in the folder.
    """
    data = read(name)
    mime_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    uri = f"doc://{quote(name, safe='')}"
    if mime_type.startswith("text/"):
        return EmbeddedResource(uri=uri, mime_type=mime_type, text=data.decode())
    return EmbeddedResource(uri=uri, mime_type=mime_type, data=data)


def read(name: str) -> bytes:
    """Return the content of a file. Raises `Http404`, for links that lead out of the folder too."""
    try:
        path = DOCUMENTS.path(name)
        # A storage follows links.
        if not Path(os.path.realpath(path)).is_relative_to(DOCUMENTS.location):
            raise Http404
        with DOCUMENTS.open(name) as file:
            data: bytes = file.read()
    except (OSError, ValueError, SuspiciousFileOperation) as error:
        raise Http404 from error
    return data
