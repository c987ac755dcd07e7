from django.urls import include, path

from example_project.expenses import views

app_name = "expenses"

urlpatterns = [
    path("", views.expense_list, name="list"),
    path("expenses/add/", views.expense_add, name="add"),
    path("expenses/<int:expense_id>/delete/", views.expense_delete, name="delete"),
    path("expenses/<int:expense_id>/receipt/", views.receipt, name="receipt"),
    path("expenses/<int:expense_id>/receipt/attach/", views.receipt_attach, name="attach"),
    path("summary/", views.summary, name="summary"),
    path("budgets/", views.budgets, name="budgets"),
    path("reports/", views.reports, name="reports"),
    path("reports/<int:year>/", views.report, name="report"),
    path("import/", views.statement_import, name="import"),
    path("api/", include("example_project.expenses.api.urls")),
]
