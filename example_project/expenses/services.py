"""Services of expenses, for the pages and as tools for MCP clients.

`@tool` is all that tells the second kind of caller apart: every function is called from Python
as it stands. A user's data is reached through `owner` alone, so nobody can name somebody else's.
"""

from calendar import month_name
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import partial
from typing import Annotated
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from pydantic import Field

from django_mcp import ToolContext, ToolError, tool
from example_project.expenses.models import (
    ZERO,
    Budget,
    Category,
    Expense,
    ExpenseQuerySet,
    in_cents,
)
from example_project.expenses.money import format_amount
from example_project.expenses.reports import keep_report
from example_project.expenses.statement import StatementError, StatementLine, read_statement
from example_project.expenses.statement_import import ImportReport, add_up, import_lines
from example_project.expenses.summaries import Period, Summary, summarise
from example_project.expenses.workbook import AnnualWorkbook

READ = ["expense:read"]
WRITE = ["expense:write"]
REPORT = ["report:read"]

EXPENSE_FIELDS = ["id", "spent_on", "amount", "category__name", "payee", "note"]
PROBLEMS_NAMED = 10

Amount = Annotated[Decimal, Field(gt=0, max_digits=10, decimal_places=2)]
CategoryName = Annotated[str, Field(min_length=1, max_length=40)]
Payee = Annotated[str, Field(min_length=1, max_length=120)]
Note = Annotated[str, Field(max_length=200)]
RequestId = Annotated[str, Field(min_length=1, max_length=128, examples=["lunch-2026-03-14"])]
Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-03"])]
Year = Annotated[int, Field(ge=2000, le=2099)]
Statements = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200_000)]],
    Field(min_length=1, max_length=12),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedExpense:
    """The expense that is gone."""

    id: int
    spent_on: date
    amount: Decimal
    payee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStatus:
    """State of a budget in one month. `left` is negative when more was spent than planned."""

    category: str
    month: str
    limit: Decimal
    spent: Decimal
    left: Decimal
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSummary:
    """The report of a year that was built; the user opens it in a browser, at `url`."""

    year: int
    total: Decimal
    expenses: int
    categories: dict[str, Decimal]
    file: str
    size: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTotal:
    """Total that one member of the team has spent."""

    username: str
    total: Decimal
    count: int


@tool(
    group="expenses",
    scopes=READ,
    read_only=True,
    fields=["name", "description"],
    # The same for everybody, until an administrator changes them.
    cache=3600,
    vary_on=(),
    invalidate_on=[Category],
)
def list_categories() -> Collection[Category]:
    """List the categories that an expense or a budget can have."""
    return Category.objects.order_by("name")


@tool(group="expenses", scopes=READ, read_only=True, fields=EXPENSE_FIELDS)
def list_expenses(
    owner: User,
    category: CategoryName | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    search: Annotated[str, Field(max_length=100)] = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0,
) -> Collection[Expense]:
    """List the user's expenses, newest first.

    When as many come back as `limit` asks for there may be more: ask again with `offset`. To add
    up, use summarise_expenses instead of listing everything.

    Args:
        category: Only this category, as list_categories names it.
        first_day: Only expenses of this day and later.
        last_day: Only expenses of this day and earlier.
        search: Only expenses whose payee or note contains this text.
        limit: How many to return at most.
        offset: How many of the newest to pass over.
    """
    _check_order(first_day, last_day)
    found = Expense.objects.of(owner).between(first_day, last_day)
    if category is not None:
        found = found.filter(category=_category(category))
    if search:
        found = found.mentioning(search)
    return found.select_related("category")[offset : offset + limit]


@tool(
    group="expenses",
    scopes=WRITE,
    destructive=False,
    fields=EXPENSE_FIELDS,
    # Nobody spends that fast; an agent in a loop does, and many expenses are a statement.
    rate="10/10s",
    idempotency_key="request_id",
)
def add_expense(
    owner: User,
    amount: Amount,
    category: CategoryName,
    payee: Payee,
    spent_on: date | None = None,
    note: Note = "",
    allow_over_budget: bool = False,
    request_id: RequestId | None = None,
) -> Expense:
    """Record an expense of the user.

    An expense that takes its category over the month's budget is refused unless
    `allow_over_budget` is true; set that only when the user has agreed. To record many, use
    import_statement.

    Args:
        amount: In euros, more than zero, with at most two decimals.
        category: As list_categories names it.
        payee: Who received the money.
        spent_on: The day it was spent; today when left out.
        note: Anything worth remembering.
        allow_over_budget: Record it even if it exceeds the budget.
        request_id: Any name for this call. Not sure whether it got through? Call again with the
            same one: the expense is recorded once.
    """
    spent_on = spent_on or timezone.localdate()
    with transaction.atomic():
        known = _category(category)
        if not allow_over_budget:
            _check_budget(owner, known, amount, spent_on)
        return Expense.objects.create(
            owner=owner,
            category=known,
            amount=in_cents(amount),
            payee=payee,
            note=note,
            spent_on=spent_on,
        )


def attach_receipt(owner: User, expense_id: int, receipt: "File[bytes]") -> Expense:
    """Keep the receipt of one of the user's expenses; it takes the place of an older one.

    No tool: files come from people, who have them.
    """
    with transaction.atomic():
        expense = _own_expense(owner, expense_id)
        _forget_receipt(expense)
        expense.receipt.save(receipt.name or "", receipt)
    return expense


@tool(group="expenses", scopes=WRITE, destructive=True)
def delete_expense(owner: User, expense_id: int) -> DeletedExpense:
    """Delete one of the user's expenses for good.

    Args:
        expense_id: The `id` that list_expenses shows.
    """
    with transaction.atomic():
        expense = _own_expense(owner, expense_id)
        deleted = DeletedExpense(
            id=expense_id,
            spent_on=expense.spent_on,
            amount=expense.amount,
            payee=expense.payee,
        )
        _forget_receipt(expense)
        expense.delete()
    return deleted


@tool(
    group="expenses",
    scopes=READ,
    read_only=True,
    cache=300,
    invalidate_on=[Expense, Category],
)
def summarise_expenses(
    owner: User, first_day: date, last_day: date, period: Period = Period.MONTH
) -> Summary:
    """Add up the user's expenses by category, and by week, month, quarter or year.

    Args:
        first_day: The first day that counts.
        last_day: The last day that counts.
        period: How long each period of the breakdown is; weeks begin on Monday.
    """
    _check_order(first_day, last_day)
    return summarise(
        Expense.objects.of(owner), first_day=first_day, last_day=last_day, period=period
    )


@tool(group="expenses", scopes=WRITE, destructive=False, idempotent=True)
def import_statement(
    owner: User,
    statement: Annotated[str, Field(min_length=1, max_length=1_000_000)],
    context: ToolContext | None = None,
) -> ImportReport:
    """Import a bank statement in CSV, giving each expense a category by its payee.

    The first line names the columns `date,amount,payee,reference`. Dates are written 2026-01-31,
    and money that was spent is negative (-12.50); income is passed over. A line whose reference
    was imported before is passed over as well, so sending a statement twice is safe. Either all
    lines are imported or, when one is bad, none: the error then names every bad line.

    Args:
        statement: The whole CSV text, header included.
    """
    try:
        lines = read_statement(statement)
    except StatementError as error:
        raise _unreadable("The statement has", error.problems) from error

    def report(done: int) -> None:
        # A page has no context; it waits for the whole report.
        if context is not None:
            context.report_progress(done, len(lines), f"{done} of {len(lines)} lines")

    return import_lines(owner, lines, report=report)


@tool(
    group="expenses",
    scopes=WRITE,
    destructive=False,
    idempotent=True,
    background=True,
    timeout=600,
    # Every statement is a transaction of its own: one around all of them would keep other writers
    # of a SQLite database waiting until the end, those of the progress among them.
    atomic=False,
)
def import_statements(
    owner: User, statements: Statements, context: ToolContext | None = None
) -> ImportReport:
    """Import up to twelve bank statements, such as those of a year; it may take a minute.

    Each is a CSV text as import_statement takes it. When a line of any is bad, nothing is imported,
    and the error names every bad line. What was imported before is passed over, so sending the
    same statements again is safe, also after this was interrupted.

    Args:
        statements: The whole CSV texts, headers included, oldest first.
    """
    months = _read_all(statements)
    reports = []
    for number, lines in enumerate(months, start=1):
        if context is not None and context.is_cancelled:
            break
        reports.append(import_lines(owner, lines))
        if context is not None:
            month = f"{lines[0].booked_on:%B %Y}"
            context.report_progress(number, len(months), f"{month}: {len(lines)} lines")
    return add_up(reports)


# Read-only in the sense of MCP: what it writes is a copy that can be made anew at any time.
@tool(group="reports", scopes=REPORT, read_only=True, background=True, timeout=600)
def build_annual_report(
    owner: User, year: Year, context: ToolContext | None = None
) -> ReportSummary:
    """Build a spreadsheet (XLSX) of all that the user has spent in a year, by category and month.

    Give the user the `url`: it opens in their browser, for nobody else, once they have signed in.
    A later report of the same year replaces this one.

    Args:
        year: The calendar year, such as 2026.
    """
    expenses = Expense.objects.of(owner).filter(spent_on__year=year)
    summary = summarise(
        expenses, first_day=date(year, 1, 1), last_day=date(year, 12, 31), period=Period.MONTH
    )
    if not summary.count:
        raise ToolError(
            f"The user has no expenses in {year}.",
            hint="Ask which year is meant, or import its bank statements first.",
        )
    workbook = AnnualWorkbook(year, summary)
    for month in range(1, 13):
        found = expenses.filter(spent_on__month=month).select_related("category")
        count = workbook.add_month(found.order_by("spent_on", "pk"))
        if context is not None:
            context.report_progress(month, 12, f"{month_name[month]}: {count} expenses")
    content = workbook.to_bytes()
    return ReportSummary(
        year=year,
        total=summary.total,
        expenses=summary.count,
        categories={entry.category: entry.total for entry in summary.categories},
        file=keep_report(owner, year, content),
        size=len(content),
        url=urljoin(settings.DJANGO_MCP_URL, reverse("expenses:report", args=[year])),
    )


@tool(group="budgets", scopes=READ, read_only=True)
async def list_budgets(owner: User, month: Month | None = None) -> list[BudgetStatus]:
    """Show the user's budgets and how much of each is left in one month.

    Args:
        month: A calendar month such as 2026-03; the current one when left out.
    """
    month = month or f"{timezone.localdate():%Y-%m}"
    spent = {
        category: in_cents(total)
        async for category, total in _spent_in(owner, _first_of(month))
        .order_by()
        .values_list("category_id")
        .annotate(total=Sum("amount"))
    }
    return [
        _budget_status(budget, month, spent.get(budget.category_id, ZERO))
        async for budget in Budget.objects.filter(owner=owner).select_related("category")
    ]


@tool(group="budgets", scopes=WRITE, destructive=False, idempotent=True)
def set_budget(owner: User, category: CategoryName, monthly_limit: Amount) -> BudgetStatus:
    """Set what the user wants to spend on a category in a month at most; replaces an older limit.

    Args:
        category: As list_categories names it.
        monthly_limit: In euros, more than zero, with at most two decimals.

    Returns:
        How the budget stands in the current month.
    """
    budget, _ = Budget.objects.update_or_create(
        owner=owner,
        category=_category(category),
        defaults={"monthly_limit": in_cents(monthly_limit)},
    )
    today = timezone.localdate()
    spent = _spent_in(owner, today).filter(category=budget.category).total()
    return _budget_status(budget, f"{today:%Y-%m}", spent)


@tool(
    group="accounting",
    scopes=READ,
    permissions=["expenses.view_all_expenses"],
    read_only=True,
)
async def team_totals(first_day: date, last_day: date) -> list[MemberTotal]:
    """Show what every member of the team has spent, the largest total first.

    Args:
        first_day: The first day that counts.
        last_day: The last day that counts.
    """
    _check_order(first_day, last_day)
    counted = Q(expenses__spent_on__range=(first_day, last_day))
    members = User.objects.annotate(
        total=Coalesce(Sum("expenses__amount", filter=counted), ZERO),
        count=Count("expenses", filter=counted),
    ).filter(count__gt=0)
    return [
        MemberTotal(username=member.username, total=in_cents(member.total), count=member.count)
        async for member in members.order_by("-total", "username")
    ]


def _own_expense(owner: User, expense_id: int) -> Expense:
    """Lock one of the user's expenses, inside a transaction."""
    expense = Expense.objects.of(owner).filter(pk=expense_id).select_for_update().first()
    if expense is None:
        # Somebody else's expense reads as a missing one, so that ids give nothing away.
        raise ToolError(
            f"The user has no expense with the id {expense_id}.",
            hint="Call list_expenses and use the id of one of its entries.",
        )
    return expense


def _forget_receipt(expense: Expense) -> None:
    """Delete the file of an expense, if it has one, when the transaction is committed."""
    if name := expense.receipt.name:
        forget = partial(default_storage.delete, name)
        # A file that is left over does no harm: without its expense it is out of reach.
        transaction.on_commit(forget, robust=True)


def _category(name: str) -> Category:
    category = Category.objects.named(name).first()
    if category is None:
        names = Category.objects.names()
        close = get_close_matches(name.strip().lower(), [known.lower() for known in names], n=1)
        guess = f"Did you mean {close[0]!r}? " if close else ""
        raise ToolError(
            f"There is no category {name!r}.",
            hint=f"{guess}The categories are: {', '.join(names) or 'none yet'}.",
        )
    return category


def _check_order(first_day: date | None, last_day: date | None) -> None:
    if first_day is not None and last_day is not None and last_day < first_day:
        raise ToolError(
            f"The last day, {last_day}, lies before the first, {first_day}.",
            hint=f"Swap them: first_day={last_day}, last_day={first_day}.",
        )


def _check_budget(owner: User, category: Category, amount: Decimal, day: date) -> None:
    # The lock keeps two expenses from passing the check at once and exceeding the budget together.
    budget = Budget.objects.select_for_update().filter(owner=owner, category=category).first()
    if budget is None:
        return
    left = budget.monthly_limit - _spent_in(owner, day).filter(category=category).total()
    if amount > left:
        difference = f"{format_amount(abs(left))} euros"
        state = f"{difference} left" if left >= 0 else f"been exceeded by {difference}"
        raise ToolError(
            f"{format_amount(amount)} euros would exceed the budget for {category}: of"
            f" {format_amount(budget.monthly_limit)} in {day:%Y-%m} it has {state}.",
            hint=(
                "Ask the user. If they agree, call add_expense again with allow_over_budget true,"
                " or raise the limit with set_budget first."
            ),
        )


def _first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _spent_in(owner: User, day: date) -> ExpenseQuerySet:
    return Expense.objects.of(owner).filter(spent_on__year=day.year, spent_on__month=day.month)


def _budget_status(budget: Budget, month: str, spent: Decimal) -> BudgetStatus:
    return BudgetStatus(
        category=budget.category.name,
        month=month,
        limit=budget.monthly_limit,
        spent=spent,
        left=budget.monthly_limit - spent,
        is_over=spent > budget.monthly_limit,
    )


def _read_all(statements: Sequence[str]) -> list[list[StatementLine]]:
    found = []
    problems: list[str] = []
    for number, statement in enumerate(statements, start=1):
        try:
            found.append(read_statement(statement))
        except StatementError as error:
            problems += [f"Statement {number}: {problem}" for problem in error.problems]
    if problems:
        raise _unreadable("The statements have", problems)
    return found


def _unreadable(subject: str, problems: Sequence[str]) -> ToolError:
    shown = problems[:PROBLEMS_NAMED]
    count = len(problems)
    rest = count - len(shown)
    more = f" And {rest} more." if rest else ""
    return ToolError(
        f"{subject} {count} bad line{'s' if count > 1 else ''}, so nothing was imported."
        f" {' '.join(shown)}{more}",
        hint=(
            "Correct these lines and send the whole statement again, not only the corrections."
            " Lines that were imported earlier are passed over."
        ),
    )
