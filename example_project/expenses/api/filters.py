"""What the expenses of the API are found by."""

import django_filters

from example_project.expenses.models import Expense, ExpenseQuerySet


class ExpenseFilter(django_filters.FilterSet):
    category = django_filters.CharFilter(
        field_name="category__name", lookup_expr="iexact", label="The name of a category"
    )
    amount = django_filters.RangeFilter(label="In euros")
    has_receipt = django_filters.BooleanFilter(
        method="filter_receipts", label="With a receipt, or without"
    )

    class Meta:
        model = Expense
        fields = {"spent_on": ["gte", "lte"]}

    def filter_receipts(self, expenses: ExpenseQuerySet, name: str, value: bool) -> ExpenseQuerySet:
        return expenses.exclude(receipt="") if value else expenses.filter(receipt="")
