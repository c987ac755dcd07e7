"""The spreadsheet of a year: one sheet adds up, the other lists every expense."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from example_project.expenses.models import Expense
from example_project.expenses.summaries import Summary

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONTHS = range(1, 13)
BOLD = Font(bold=True)
EUROS = "#,##0.00"


class AnnualWorkbook:
    """Made from the year's summary by month; its expenses are added month by month."""

    def __init__(self, year: int, summary: Summary) -> None:
        self._book = Workbook()
        totals = self._book.active
        assert isinstance(totals, Worksheet)
        totals.title = f"Totals {year}"
        _fill_totals(totals, year, summary)
        self._expenses = self._book.create_sheet("Expenses")
        _append(self._expenses, ["Date", "Category", "Payee", "Note", "Euros"], font=BOLD)
        _set_widths(self._expenses, [12, 20, 40, 40, 12])
        self._expenses.freeze_panes = "A2"

    def add_month(self, expenses: Iterable[Expense]) -> int:
        """List expenses below those that are there; return how many."""
        count = 0
        for expense in expenses:
            _append(
                self._expenses,
                [
                    expense.spent_on,
                    expense.category.name,
                    expense.payee,
                    expense.note,
                    expense.amount,
                ],
            )
            count += 1
        return count

    def to_bytes(self) -> bytes:
        """The file."""
        file = BytesIO()
        self._book.save(file)
        return file.getvalue()


def _fill_totals(sheet: Worksheet, year: int, summary: Summary) -> None:
    """Months across, categories down, and what they add up to."""
    months = {period.first_day.month: period for period in summary.periods}
    _append(sheet, ["Euros", *(f"{date(year, m, 1):%b}" for m in MONTHS), "Year"], font=BOLD)
    for entry in summary.categories:
        spent = [
            months[m].categories.get(entry.category, Decimal(0)) if m in months else Decimal(0)
            for m in MONTHS
        ]
        _append(sheet, [entry.category, *spent, entry.total])
    sums = [months[m].total if m in months else Decimal(0) for m in MONTHS]
    _append(sheet, ["Total", *sums, summary.total], font=BOLD)
    _set_widths(sheet, [22, *(11 for _ in MONTHS), 13])
    sheet.freeze_panes = "B2"
    sheet.add_chart(_chart(sheet, len(summary.categories)), f"A{len(summary.categories) + 4}")


def _chart(sheet: Worksheet, categories: int) -> BarChart:
    chart = BarChart()
    chart.title = sheet.title
    chart.grouping = "stacked"
    chart.overlap = 100
    chart.width, chart.height = 32, 12
    last_row, last_column = 1 + categories, 1 + len(MONTHS)
    chart.add_data(
        Reference(sheet, min_col=1, max_col=last_column, min_row=2, max_row=last_row),
        from_rows=True,
        titles_from_data=True,
    )
    chart.set_categories(Reference(sheet, min_col=2, max_col=last_column, min_row=1))
    return chart


def _append(sheet: Worksheet, values: Iterable[Any], *, font: Font | None = None) -> None:
    sheet.append([_cell(sheet, value, font) for value in values])


def _cell(sheet: Worksheet, value: Any, font: Font | None) -> Cell:
    is_text = isinstance(value, str)
    cell = Cell(sheet, 1, 1, ILLEGAL_CHARACTERS_RE.sub("", value) if is_text else value)
    if is_text:
        # Whoever receives money chooses the payee's name: `=...` is text, and no formula.
        cell.data_type = "s"
    elif isinstance(value, Decimal):
        cell.number_format = EUROS
    if font is not None:
        cell.font = font
    return cell


def _set_widths(sheet: Worksheet, widths: Iterable[float]) -> None:
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
