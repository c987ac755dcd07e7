"""Models of categories, expenses and budgets. Amounts are in euros."""

from datetime import date
from decimal import Decimal
from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from example_project.expenses.receipts import (
    check_size,
    check_suffix,
    receipt_path,
    receipt_uri,
)

ZERO = Decimal("0.00")


def in_cents(amount: Decimal) -> Decimal:
    """The amount with two decimals; SQLite adds up in floating point, which leaves a tail."""
    return amount.quantize(ZERO)


class CategoryQuerySet(models.QuerySet["Category"]):
    def named(self, name: str) -> Self:
        """The category of that name, whatever its case and the spaces around it."""
        folded = Lower(models.Value(name.strip()))
        return self.alias(folded=Lower("name")).filter(folded=folded)

    def names(self) -> list[str]:
        return list(self.order_by("name").values_list("name", flat=True))


class Category(models.Model):
    """Category of expenses, shared by all users and managed by administrators."""

    name = models.CharField(max_length=40)
    description = models.CharField(max_length=200, blank=True)
    keywords = models.TextField(
        blank=True,
        help_text="One per line: payees that contain one get this category.",
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="unique_category_name")]

    def __str__(self) -> str:
        return self.name


class ExpenseQuerySet(models.QuerySet["Expense"]):
    def of(self, owner: User) -> Self:
        return self.filter(owner=owner)

    def between(self, first_day: date | None, last_day: date | None) -> Self:
        """Expenses from `first_day` to `last_day`, both included; None leaves that end open."""
        found = self
        if first_day is not None:
            found = found.filter(spent_on__gte=first_day)
        if last_day is not None:
            found = found.filter(spent_on__lte=last_day)
        return found

    def mentioning(self, text: str) -> Self:
        return self.filter(models.Q(payee__icontains=text) | models.Q(note__icontains=text))

    def receipts(self) -> models.QuerySet["Expense", str]:
        """The paths of the receipts in the storage, those of the newest expenses first."""
        return self.exclude(receipt="").values_list("receipt", flat=True)

    def months(self) -> list[date]:
        """The first days of the months that have expenses, the latest first."""
        return list(self.dates("spent_on", "month", order="DESC"))

    def total(self) -> Decimal:
        total: Decimal = self.aggregate(total=Coalesce(models.Sum("amount"), ZERO))["total"]
        return in_cents(total)


class Expense(models.Model):
    """Expense: an amount that a user has spent on a day."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="expenses")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="expenses")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    payee = models.CharField(max_length=120)
    note = models.CharField(max_length=200, blank=True)
    spent_on = models.DateField(default=timezone.localdate)
    reference = models.CharField(
        max_length=40,
        blank=True,
        editable=False,
        help_text="The bank's reference, when it was imported.",
    )
    receipt = models.FileField(
        upload_to=receipt_path, max_length=200, blank=True, validators=[check_suffix, check_size]
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = ExpenseQuerySet.as_manager()

    class Meta:
        ordering = ["-spent_on", "-id"]
        indexes = [models.Index(fields=["owner", "-spent_on"], name="expense_by_owner_and_day")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="expense_amount_is_positive"
            ),
            models.UniqueConstraint(
                fields=["owner", "reference"],
                condition=~models.Q(reference=""),
                name="unique_statement_reference",
            ),
        ]
        permissions = [("view_all_expenses", "Can see what everybody has spent")]

    def __str__(self) -> str:
        return f"{self.spent_on} {self.payee} {self.amount}"

    @property
    def receipt_uri(self) -> str | None:
        """URI of the receipt for MCP clients; None without one."""
        return receipt_uri(self.receipt.name) if self.receipt.name else None


class Budget(models.Model):
    """Budget: the most that a user wants to spend on a category in a calendar month."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="budgets")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="budgets")
    monthly_limit = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["category__name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(monthly_limit__gt=0), name="budget_limit_is_positive"
            ),
            models.UniqueConstraint(fields=["owner", "category"], name="unique_budget_of_category"),
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.monthly_limit} a month"
