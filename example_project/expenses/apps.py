from django.apps import AppConfig


class ExpensesConfig(AppConfig):
    name = "example_project.expenses"
    label = "expenses"
