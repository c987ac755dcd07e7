"""Import of bank statements: each line becomes one expense, once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from django_mcp import invalidate
from example_project.expenses.models import ZERO, Expense
from example_project.expenses.rules import categorise
from example_project.expenses.statement import StatementLine

BATCH = 50
"""The number of lines that one statement of SQL inserts as expenses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Outcome of an import; `total` and `categories` are those of the imported lines."""

    lines: int
    imported: int
    already_known: int
    income_skipped: int
    total: Decimal
    categories: dict[str, int]
    unmatched_payees: list[str]


def _ignore(done: int) -> None:
    """Ignore the progress."""


def import_lines(
    owner: User, lines: Sequence[StatementLine], *, report: Callable[[int], None] = _ignore
) -> ImportReport:
    """Book what was spent, unless its reference is known; all of the lines, or none.

    `report` is told how many of the lines are done, again and again.
    """
    spent = [line for line in lines if line.amount < 0]
    with transaction.atomic():
        # Two imports of the same user at once would otherwise both find a reference missing.
        User.objects.select_for_update().get(pk=owner.pk)
        known = set(
            Expense.objects.of(owner).exclude(reference="").values_list("reference", flat=True)
        )
        new = [line for line in spent if line.reference not in known]
        done = len(lines) - len(new)
        report(done)
        found = categorise({line.payee for line in new})
        for batch in _batches(new):
            Expense.objects.bulk_create(
                Expense(
                    owner=owner,
                    category=found.categories[line.payee],
                    amount=-line.amount,
                    payee=line.payee,
                    spent_on=line.booked_on,
                    reference=line.reference,
                )
                for line in batch
            )
            done += len(batch)
            report(done)
        if new:
            # Inserts in bulk send no signals. It counts after the commit, in every process.
            invalidate("summarise_expenses", user=owner)
            invalidate("monthly_summary", user=owner, kind="resource")
    return ImportReport(
        lines=len(lines),
        imported=len(new),
        already_known=len(spent) - len(new),
        income_skipped=len(lines) - len(spent),
        total=-sum((line.amount for line in new), ZERO),
        categories=_in_order(Counter(found.categories[line.payee].name for line in new)),
        unmatched_payees=found.unmatched,
    )


def add_up(reports: Sequence[ImportReport]) -> ImportReport:
    """Outcome of the import of several statements."""
    categories: Counter[str] = Counter()
    for report in reports:
        categories.update(report.categories)
    return ImportReport(
        lines=sum(report.lines for report in reports),
        imported=sum(report.imported for report in reports),
        already_known=sum(report.already_known for report in reports),
        income_skipped=sum(report.income_skipped for report in reports),
        total=sum((report.total for report in reports), ZERO),
        categories=_in_order(categories),
        unmatched_payees=sorted({payee for report in reports for payee in report.unmatched_payees}),
    )


def _batches(lines: Sequence[StatementLine]) -> Iterator[Sequence[StatementLine]]:
    for start in range(0, len(lines), BATCH):
        yield lines[start : start + BATCH]


def _in_order(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
