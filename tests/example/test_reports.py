"""A year of statements is imported, and its report built: as services, tools and pages."""

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from django_mcp import ToolError
from django_mcp.testing import MCPClient
from example_project.expenses import services
from example_project.expenses.models import Expense
from example_project.expenses.statement_import import ImportReport

HEADER = "date,amount,payee,reference\n"
JANUARY = HEADER + "2025-01-05,-10.00,Green Corner Market,J-1\n2025-01-06,2000.00,Employer,J-2\n"
FEBRUARY = HEADER + "2025-02-01,-30.50,City Transit,F-1\n2025-02-02,-1.25,Nobody Knows,F-2\n"


@pytest.fixture
def agent(demo: User) -> MCPClient:
    return MCPClient(user=demo, scopes=["expense:read", "expense:write", "report:read"])


@pytest.fixture
def browser(demo: User) -> Client:
    browser = Client()
    browser.force_login(demo)
    return browser


def report_page(year: int) -> str:
    return reverse("expenses:report", args=[year])


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = load_workbook(BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.values] for sheet in book.worksheets}


def test_statements_of_several_months_are_imported_with_one_report(demo: User) -> None:
    report = services.import_statements(demo, [JANUARY, FEBRUARY])

    assert report == ImportReport(
        lines=4,
        imported=3,
        already_known=0,
        income_skipped=1,
        total=Decimal("41.75"),
        categories={"groceries": 1, "other": 1, "transport": 1},
        unmatched_payees=["Nobody Knows"],
    )
    assert Expense.objects.of(demo).total() == Decimal("41.75")


def test_statements_sent_again_add_only_what_is_new(demo: User) -> None:
    services.import_statements(demo, [JANUARY])

    report = services.import_statements(demo, [JANUARY, FEBRUARY])

    assert (report.imported, report.already_known) == (2, 1)
    assert Expense.objects.of(demo).count() == 3


def test_bad_line_of_any_statement_keeps_all_of_them_out(demo: User) -> None:
    with pytest.raises(ToolError) as caught:
        services.import_statements(demo, [JANUARY, FEBRUARY + "2025-02-30,-1.00,Taxi,F-3\n"])

    assert caught.value.message == (
        "The statements have 1 bad line, so nothing was imported. "
        "Statement 2: Line 4: the date '2025-02-30' is not a day written as 2026-01-31."
    )
    assert not Expense.objects.exists()


def test_import_tells_of_every_month_and_is_bounded(agent: MCPClient) -> None:
    result = agent.call("import_statements", statements=[JANUARY, FEBRUARY])

    assert result.structured is not None
    assert result.structured["imported"] == 3
    assert [(report.done, report.total, report.message) for report in result.progress][-1] == (
        2,
        2,
        "February 2025: 2 lines",
    )
    assert agent.call("import_statements", statements=[]).is_error
    assert agent.call("import_statements", statements=[JANUARY] * 13).is_error


def test_report_says_what_was_built_and_where(agent: MCPClient, media: Path, demo: User) -> None:
    agent.call("import_statements", statements=[JANUARY, FEBRUARY])

    result = agent.call("build_annual_report", year=2025)

    (file,) = (path for path in media.rglob("*") if path.is_file())
    assert result.structured == {
        "year": 2025,
        "total": "41.75",
        "expenses": 3,
        "categories": {"transport": "30.50", "groceries": "10.00", "other": "1.25"},
        "file": "2025.xlsx",
        "size": file.stat().st_size,
        "url": "http://testserver/reports/2025/",
    }
    assert result.progress[-1].done == result.progress[-1].total == 12


def test_report_adds_up_by_category_and_month_and_lists_everything(
    demo: User, browser: Client
) -> None:
    services.import_statements(demo, [JANUARY, FEBRUARY])
    services.add_expense(demo, Decimal(99), "other", "Another year", date(2026, 1, 1))
    services.build_annual_report(demo, 2025)

    response = browser.get(report_page(2025))

    rest = [0] * 10
    assert response["Content-Disposition"] == 'attachment; filename="expenses-2025.xlsx"'
    assert sheets(response.content) == {
        "Totals 2025": [
            ["Euros", *(f"{date(2025, month, 1):%b}" for month in range(1, 13)), "Year"],
            ["transport", 0, 30.5, *rest, 30.5],
            ["groceries", 10, 0, *rest, 10],
            ["other", 0, 1.25, *rest, 1.25],
            ["Total", 10, 31.75, *rest, 41.75],
        ],
        "Expenses": [
            ["Date", "Category", "Payee", "Note", "Euros"],
            [datetime(2025, 1, 5), "groceries", "Green Corner Market", None, 10],  # noqa: DTZ001
            [datetime(2025, 2, 1), "transport", "City Transit", None, 30.5],  # noqa: DTZ001
            [datetime(2025, 2, 2), "other", "Nobody Knows", None, 1.25],  # noqa: DTZ001
        ],
    }


def test_payee_that_looks_like_a_formula_stays_text(demo: User, browser: Client) -> None:
    services.add_expense(
        demo, Decimal(1), "other", '=HYPERLINK("http://evil.example")\x07', date(2025, 5, 1)
    )
    services.build_annual_report(demo, 2025)

    book = load_workbook(BytesIO(browser.get(report_page(2025)).content))

    cell = book["Expenses"]["C2"]
    assert (cell.value, cell.data_type) == ('=HYPERLINK("http://evil.example")', "s")


def test_report_built_again_replaces_the_older_one(
    demo: User, browser: Client, media: Path
) -> None:
    services.import_statements(demo, [JANUARY])
    services.build_annual_report(demo, 2025)
    services.import_statements(demo, [FEBRUARY])

    services.build_annual_report(demo, 2025)

    content = browser.get(report_page(2025)).content
    assert sheets(content)["Totals 2025"][-1][-1] == 41.75
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


def test_year_without_expenses_has_no_report(demo: User, browser: Client) -> None:
    with pytest.raises(ToolError, match=r"The user has no expenses in 2024\."):
        services.build_annual_report(demo, 2024)

    assert browser.get(report_page(2024)).status_code == 404


def test_report_opens_for_its_owner_alone(demo: User, auditor: User, browser: Client) -> None:
    services.import_statements(demo, [JANUARY])
    services.build_annual_report(demo, 2025)
    colleague = Client()
    colleague.force_login(auditor)

    assert browser.get(report_page(2025)).status_code == 200
    assert colleague.get(report_page(2025)).status_code == 404
    assert Client().get(report_page(2025)).status_code == 302
    assert "2025" not in colleague.get(reverse("expenses:reports")).content.decode()


def test_report_is_built_and_listed_by_its_page(demo: User, browser: Client) -> None:
    services.import_statements(demo, [JANUARY])

    refused = browser.post(reverse("expenses:reports"), {"year": 2024})
    built = browser.post(reverse("expenses:reports"), {"year": 2025}, follow=True)

    assert "The user has no expenses in 2024." in refused.content.decode()
    page = built.content.decode()
    assert "The report of 2025 is ready." in page
    assert f'href="{report_page(2025)}"' in page
