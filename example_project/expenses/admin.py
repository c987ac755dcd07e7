from django.contrib import admin

from example_project.expenses.models import Budget, Category, Expense


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["name", "description"]
    search_fields = ["name", "keywords"]


@admin.register(Expense)
class ExpenseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["spent_on", "payee", "amount", "category", "owner"]
    list_filter = ["category", "owner"]
    list_select_related = ["category", "owner"]
    search_fields = ["payee", "note", "reference"]
    date_hierarchy = "spent_on"
    readonly_fields = ["reference", "created"]


@admin.register(Budget)
class BudgetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["owner", "category", "monthly_limit"]
    list_filter = ["owner", "category"]
    list_select_related = ["owner", "category"]
