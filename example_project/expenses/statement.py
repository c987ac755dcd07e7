"""A bank statement as CSV text: one line per booking, money that left the account negative."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

COLUMNS = ("date", "amount", "payee", "reference")
LARGEST_AMOUNT = Decimal("99999999.99")


class StatementError(ValueError):
    """The statement cannot be read; `problems` names every bad line and what is wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One booking. `number` is its line in the file, `amount` is negative for money spent."""

    number: int
    booked_on: date
    amount: Decimal
    payee: str
    reference: str


def read_statement(text: str) -> list[StatementLine]:
    """All lines of a statement.

    Raises:
        StatementError: with every bad line, not only the first.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    header = [(name or "").strip().lower() for name in rows.fieldnames or ()]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise StatementError([f"Line 1: the columns {', '.join(missing)} are missing."])
    rows.fieldnames = header
    lines: list[StatementLine] = []
    problems: list[str] = []
    first_seen: dict[str, int] = {}
    for row in rows:
        # The reader's own count, because a quoted field may span several lines of the file.
        number = rows.line_num
        try:
            line = _read_line(number, row)
        except ValueError as error:
            problems.append(f"Line {number}: {error}")
            continue
        if line.reference in first_seen:
            problems.append(
                f"Line {number}: the reference {line.reference} was used in line"
                f" {first_seen[line.reference]} already."
            )
            continue
        first_seen[line.reference] = number
        lines.append(line)
    if problems:
        raise StatementError(problems)
    if not lines:
        raise StatementError(["Line 2: there is no booking below the header."])
    return lines


def _read_line(number: int, row: dict[str, str | None]) -> StatementLine:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    for name in COLUMNS:
        if not cells[name]:
            raise ValueError(f"the {name} is empty.")
    if len(cells["payee"]) > 120 or len(cells["reference"]) > 40:
        raise ValueError("a payee has at most 120 characters, and a reference 40.")
    return StatementLine(
        number=number,
        booked_on=_read_date(cells["date"]),
        amount=_read_amount(cells["amount"]),
        payee=cells["payee"],
        reference=cells["reference"],
    )


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"the date {text[:20]!r} is not a day written as 2026-01-31.") from None


def _read_amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
        cents = amount.quantize(Decimal("0.01"))
    except InvalidOperation:
        raise ValueError(f"the amount {text[:20]!r} is not a number such as -12.50.") from None
    if not amount.is_finite() or amount != cents or not 0 < abs(cents) <= LARGEST_AMOUNT:
        raise ValueError(f"the amount {text[:20]!r} is not a sum of money in euros and cents.")
    return cents
