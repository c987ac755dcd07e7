"""Forms of the pages. They validate the input's syntax; services validate the rest."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from example_project.expenses.models import Category
from example_project.expenses.receipts import SUFFIXES, check_size, check_suffix
from example_project.expenses.summaries import Period

LARGEST_STATEMENT = 1_000_000


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _category_names() -> list[tuple[str, str]]:
    return [(name, name) for name in Category.objects.names()]


def _any_category() -> list[tuple[str, str]]:
    return [("", "All categories"), *_category_names()]


def _amount(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal("0.01"), max_digits=10, decimal_places=2
    )


def _receipt(*, required: bool) -> forms.FileField:
    return forms.FileField(
        label="Receipt",
        required=required,
        validators=[check_suffix, check_size],
        widget=forms.FileInput({"accept": ",".join(f".{suffix}" for suffix in SUFFIXES)}),
    )


class ExpenseFilter(forms.Form):
    category = forms.ChoiceField(choices=_any_category, required=False)
    first_day = forms.DateField(label="From", required=False, widget=DayInput)
    last_day = forms.DateField(label="To", required=False, widget=DayInput)
    search = forms.CharField(required=False, max_length=100)


class ExpenseForm(forms.Form):
    amount = _amount("Amount (€)")
    category = forms.ChoiceField(choices=_category_names)
    payee = forms.CharField(max_length=120)
    spent_on = forms.DateField(label="Day", widget=DayInput, initial=timezone.localdate)
    note = forms.CharField(required=False, max_length=200)
    allow_over_budget = forms.BooleanField(label="Even if it exceeds the budget", required=False)
    receipt = _receipt(required=False)


class ReceiptForm(forms.Form):
    receipt = _receipt(required=True)


class SummaryForm(forms.Form):
    first_day = forms.DateField(label="From", widget=DayInput)
    last_day = forms.DateField(label="To", widget=DayInput)
    period = forms.ChoiceField(
        label="By", choices=[(period.value, period.value) for period in Period]
    )

    @staticmethod
    def defaults() -> dict[str, str]:
        """The last twelve months, by month."""
        today = timezone.localdate()
        return {
            "first_day": (today - timedelta(days=365)).isoformat(),
            "last_day": today.isoformat(),
            "period": Period.MONTH.value,
        }


class BudgetForm(forms.Form):
    category = forms.ChoiceField(choices=_category_names)
    monthly_limit = _amount("A month at most (€)")


class YearForm(forms.Form):
    year = forms.IntegerField(min_value=2000, max_value=2099)


class StatementForm(forms.Form):
    file = forms.FileField(label="CSV file")

    def clean(self) -> dict[str, Any]:
        """Adds the file's text as `statement`."""
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None:
            if file.size > LARGEST_STATEMENT:
                raise forms.ValidationError("The file is larger than a statement should be.")
            try:
                cleaned["statement"] = file.read().decode()
            except UnicodeDecodeError:
                raise forms.ValidationError("The file is not a text in UTF-8.") from None
        return cleaned
