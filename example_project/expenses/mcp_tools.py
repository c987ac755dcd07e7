"""Resources and prompts of the expenses for MCP clients, and the tools that are no services.

Those link to receipts, or are actions of the REST API. A user's data is reached through `owner`
alone, as in `services` and in the API.
"""

from calendar import monthrange
from datetime import date, datetime
from typing import Annotated

from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from pydantic import BeforeValidator, Field

from django_mcp import (
    ArgumentError,
    EmbeddedResource,
    ResourceLink,
    ToolError,
    prompt,
    resource,
    resource_for,
    resource_link,
    storage_resources,
    tool,
)
from django_mcp.contrib.drf import expose
from example_project.expenses.api.views import ExpenseViewSet
from example_project.expenses.models import Category, Expense, ExpenseQuerySet
from example_project.expenses.receipts import FOLDER, receipt_uri
from example_project.expenses.services import (
    EXPENSE_FIELDS,
    READ,
    WRITE,
    Month,
    summarise_expenses,
)
from example_project.expenses.summaries import Period, Summary

MOST_RECEIPTS = 50


def read_month(name: str) -> date:
    """The first day of the month that a user has named."""
    try:
        return datetime.strptime(name.strip(), "%B %Y").date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        raise ArgumentError("must be a month such as March 2026") from None


def months_of(user: User) -> list[str]:
    """The months in which a user has expenses, the latest first, as summaries name them."""
    return [f"{month:%Y-%m}" for month in Expense.objects.of(user).months()]


def month_names_of(user: User) -> list[str]:
    """The months in which a user has expenses, the latest first, as people name them."""
    return [f"{month:%B %Y}" for month in Expense.objects.of(user).months()]


MonthName = Annotated[date, BeforeValidator(read_month, json_schema_input_type=str)]


def expenses_of(user: User) -> ExpenseQuerySet:
    """The expenses that a user may read."""
    return Expense.objects.of(user)


resource_for(
    Expense,
    uri="expense://{pk}",
    description="One of the user's expenses; `receipt_uri` is that of its receipt, if it has one.",
    fields=[*EXPENSE_FIELDS, "receipt_uri"],
    queryset=expenses_of,
    entry_description="category__name",
    group="expenses",
    scopes=READ,
)


# What services already do is left out: a new expense is held to its budget there.
expose(
    ExpenseViewSet,
    actions=["list"],
    name="search_expenses",
    description=(
        "Search the user's expenses by amount, day, category or text, in the order and in pages "
        "that are asked for."
    ),
    group="expenses",
    scopes=READ,
)
expose(
    ExpenseViewSet,
    actions=["partial_update"],
    name="correct_expense",
    description="Correct the category, the payee, the day or the note of an expense.",
    group="expenses",
    scopes=WRITE,
)


def may_read_receipt(user: User, path: str) -> bool:
    """True if the file is the receipt of one of the user's expenses."""
    return expenses_of(user).filter(receipt=path).exists()


def receipt_paths_of(user: User) -> list[str]:
    """The paths of a user's receipts, as their URIs have them."""
    return [path.removeprefix(FOLDER) for path in expenses_of(user).receipts()]


storage_resources(
    "receipt://{+path}",
    default_storage,
    prefix=FOLDER,
    may_read=may_read_receipt,
    complete={"path": receipt_paths_of},
    title="Receipt",
    description="The receipt of one of the user's expenses, a picture or a PDF.",
    group="expenses",
    scopes=READ,
)


@resource(
    "summary://{month}",
    title="Summary of a month",
    group="expenses",
    scopes=READ,
    complete={"month": months_of},
    cache=300,
    invalidate_on=[Expense, Category],
)
def monthly_summary(owner: User, month: Month) -> Summary:
    """Spending of the user in a month, by category.

    Args:
        month: A calendar month such as 2026-03.
    """
    first_day = date.fromisoformat(f"{month}-01")
    _, days = monthrange(first_day.year, first_day.month)
    return summarise_expenses(owner, first_day, first_day.replace(day=days), Period.MONTH)


@prompt(
    title="Review a month",
    group="expenses",
    scopes=READ,
    complete={"month": month_names_of},
)
def monthly_review(owner: User, month: MonthName) -> list[str | EmbeddedResource]:
    """Review what the user has spent in a month, and find what could be saved.

    Args:
        month: The name of the month and the year, such as March 2026.
    """
    if month not in Expense.objects.of(owner).months():
        raise ToolError(f"The user has no expenses in {month:%B %Y}.")
    request = (
        f"Review what I spent in {month:%B %Y}, which is summed up below. Compare it with my"
        " budgets of that month, which list_budgets shows, and with the month before. Name the"
        " three largest changes, and ask me about expenses that look unusual before you judge"
        " them."
    )
    return [request, EmbeddedResource(uri=f"summary://{month:%Y-%m}")]


@tool(group="expenses", scopes=READ, read_only=True)
def find_receipts(
    owner: User,
    first_day: date,
    last_day: date,
    search: Annotated[str, Field(max_length=100)] = "",
) -> list[ResourceLink]:
    """Find the receipts of the user's expenses, and link to them, the newest first.

    Args:
        first_day: The first day that counts.
        last_day: The last day that counts.
        search: Only of expenses whose payee or note contains this text.
    """
    found = Expense.objects.of(owner).between(first_day, last_day).mentioning(search)
    return [resource_link(receipt_uri(path)) for path in found.receipts()[:MOST_RECEIPTS]]
