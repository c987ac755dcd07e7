from django.contrib import admin

from example_project.expenses.models import Budget, Category, Expense
from example_project.expenses.money import format_amount


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["name", "description"]
    search_fields = ["name", "keywords"]


@admin.register(Expense)
class ExpenseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["spent_on", "payee", "euros", "category", "owner", "has_receipt"]
    list_filter = ["category", "owner", ("receipt", admin.EmptyFieldListFilter)]
    list_select_related = ["category", "owner"]
    search_fields = ["payee", "note", "reference"]
    date_hierarchy = "spent_on"
    # No URL leads to the file itself.
    exclude = ["receipt"]
    readonly_fields = ["has_receipt", "reference", "created"]

    @admin.display(description="amount (€)", ordering="amount")
    def euros(self, expense: Expense) -> str:
        return format_amount(expense.amount)

    @admin.display(description="receipt", boolean=True)
    def has_receipt(self, expense: Expense) -> bool:
        return bool(expense.receipt)


@admin.register(Budget)
class BudgetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["owner", "category", "euros_a_month"]
    list_filter = ["owner", "category"]
    list_select_related = ["owner", "category"]

    @admin.display(description="monthly limit (€)", ordering="monthly_limit")
    def euros_a_month(self, budget: Budget) -> str:
        return format_amount(budget.monthly_limit)
