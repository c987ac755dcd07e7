"""Documents: the files of one folder as resources, and nothing outside of it.

The folder is `documents` beside the settings, unless `CONFORMANCE_DOCUMENTS` names another.
"""

import os
from pathlib import Path

from django.core.files.storage import FileSystemStorage

from django_mcp import storage_resources
from tests.conformance_project.declarations.scopes import USE

SHIPPED = Path(__file__).resolve().parents[1] / "documents"


def is_document(path: str) -> bool:
    """Say that whoever sees the resource may read every file."""
    return True


storage_resources(
    "doc://{name}",
    FileSystemStorage(os.environ.get("CONFORMANCE_DOCUMENTS", SHIPPED)),
    name="document",
    group="fixtures",
    scopes=USE,
    may_read=is_document,
)
