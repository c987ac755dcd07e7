"""Receipts of expenses: files in Django's default storage, with one folder for each owner.

Nothing serves that storage as a whole. A receipt is reached by those who may see its expense.
"""

from pathlib import PurePath
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.validators import FileExtensionValidator
from django.utils.crypto import get_random_string
from django.utils.text import slugify

if TYPE_CHECKING:
    from example_project.expenses.models import Expense

FOLDER = "receipts/"
SUFFIXES = ("jpeg", "jpg", "pdf", "png")
LARGEST_RECEIPT = 1_000_000
"""In bytes. What agents are given has a limit, too: DJANGO_MCP_MAX_RESULT_BYTES."""

check_suffix = FileExtensionValidator(SUFFIXES)


def receipt_path(expense: "Expense", filename: str) -> str:
    """The path of a new receipt in the storage, by the owner, the day and the payee."""
    name = slugify(f"{expense.spent_on} {expense.payee}")[:80]
    # The storage overwrites, as reports want it, so two receipts must not have one name.
    name = f"{name}-{get_random_string(8).lower()}{PurePath(filename).suffix.lower()}"
    return f"{FOLDER}{expense.owner_id}/{name}"


def receipt_uri(path: str) -> str:
    """The URI by which MCP clients read the receipt with this path."""
    return f"receipt://{path.removeprefix(FOLDER)}"


def check_size(file: "File[bytes]") -> None:
    """Validator of a file that is not too large."""
    if file.size > LARGEST_RECEIPT:
        raise ValidationError("The file is larger than a receipt should be.")
