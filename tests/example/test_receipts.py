"""The receipts of expenses, which people attach by the pages."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from django_mcp import ToolError
from example_project.expenses import services
from example_project.expenses.models import Expense
from example_project.expenses.receipts import LARGEST_RECEIPT

PDF = b"%PDF-1.4 a receipt"
DAY = date(2026, 3, 14)


@pytest.fixture
def browser(demo: User) -> Client:
    browser = Client()
    browser.force_login(demo)
    return browser


@pytest.fixture
def expense(demo: User) -> Expense:
    return services.add_expense(demo, Decimal("4.20"), "transport", "City Transit", DAY)


def upload(content: bytes = PDF, name: str = "Scan 1.PDF") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def page_of(name: str, expense: Expense) -> str:
    return reverse(f"expenses:{name}", args=[expense.pk])


def files_in(media: Path) -> list[str]:
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def test_receipt_is_attached_and_opened_by_the_pages(
    browser: Client, expense: Expense, demo: User, media: Path
) -> None:
    before = browser.get(reverse("expenses:list")).content.decode()
    attached = browser.post(page_of("attach", expense), {"receipt": upload()}, follow=True)
    receipt = browser.get(page_of("receipt", expense))

    assert page_of("attach", expense) in before
    page = attached.content.decode()
    assert "Kept the receipt of City Transit." in page
    assert page_of("receipt", expense) in page
    assert receipt.getvalue() == PDF
    assert receipt["Content-Type"] == "application/pdf"
    assert receipt["X-Content-Type-Options"] == "nosniff"
    (file,) = files_in(media)
    assert file.startswith(f"receipts/{demo.pk}/2026-03-14-city-transit-")
    assert file.endswith(".pdf")


def test_new_expense_can_come_with_its_receipt(browser: Client) -> None:
    form = {"amount": "4.20", "category": "transport", "payee": "City", "spent_on": "2026-03-01"}

    browser.post(reverse("expenses:add"), {**form, "receipt": upload()})

    assert browser.get(page_of("receipt", Expense.objects.get())).getvalue() == PDF


@pytest.mark.parametrize(
    ("receipt", "complaint"),
    [
        (upload(name="receipt.html"), "File extension “html” is not allowed"),
        (upload(name="receipt.svg"), "File extension “svg” is not allowed"),
        (upload(b"x" * (LARGEST_RECEIPT + 1)), "larger than a receipt should be"),
        (upload(b""), "empty"),
    ],
    ids=["html", "svg", "too large", "empty"],
)
def test_file_that_is_no_receipt_is_refused(
    receipt: SimpleUploadedFile, complaint: str, browser: Client, expense: Expense, media: Path
) -> None:
    response = browser.post(page_of("attach", expense), {"receipt": receipt})

    assert complaint in response.content.decode()
    assert files_in(media) == []


def test_receipt_takes_the_place_of_an_older_one(
    demo: User,
    expense: Expense,
    media: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.attach_receipt(demo, expense.pk, ContentFile(b"old", "a.png"))
        services.attach_receipt(demo, expense.pk, ContentFile(b"new", "a.png"))

    (file,) = files_in(media)
    assert (media / file).read_bytes() == b"new"


def test_deleted_expense_leaves_no_receipt(
    demo: User,
    expense: Expense,
    media: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    services.attach_receipt(demo, expense.pk, ContentFile(PDF, "a.pdf"))

    with django_capture_on_commit_callbacks(execute=True):
        services.delete_expense(demo, expense.pk)

    assert files_in(media) == []


def test_receipts_of_equal_expenses_are_kept_apart(demo: User, media: Path) -> None:
    for content in (b"first", b"second"):
        twin = services.add_expense(demo, Decimal(1), "other", "Twin", DAY)
        services.attach_receipt(demo, twin.pk, ContentFile(content, "a.pdf"))

    assert {(media / file).read_bytes() for file in files_in(media)} == {b"first", b"second"}


def test_receipt_is_out_of_reach_for_others(
    demo: User, auditor: User, expense: Expense, media: Path
) -> None:
    services.attach_receipt(demo, expense.pk, ContentFile(PDF, "a.pdf"))
    colleague = Client()
    colleague.force_login(auditor)

    assert colleague.get(page_of("receipt", expense)).status_code == 404
    assert colleague.get(page_of("attach", expense)).status_code == 404
    assert Client().get(page_of("receipt", expense)).status_code == 302
    with pytest.raises(ToolError, match="The user has no expense with the id"):
        services.attach_receipt(auditor, expense.pk, ContentFile(b"", "a.pdf"))
    assert len(files_in(media)) == 1


def test_expense_without_a_receipt_has_no_page_for_it(browser: Client, expense: Expense) -> None:
    assert browser.get(page_of("receipt", expense)).status_code == 404
